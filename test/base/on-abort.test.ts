// Listeners of one signal: all are called once, without warnings of Node.

import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { onAbort } from '../../src/lib/base/on-abort.js';

describe('onAbort', () => {
  it('calls each of many once, and adds one listener to the signal', () => {
    const controller = new AbortController();
    const called: number[] = [];
    const removals = Array.from({ length: 25 }, (_, i) => onAbort(controller.signal, () => called.push(i)));
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    removals[3]();
    controller.abort();
    controller.abort();
    expect(called).toEqual(Array.from({ length: 25 }, (_, i) => i).filter((i) => i !== 3));
  });

  it('counts one function given twice as two', () => {
    const controller = new AbortController();
    let calls = 0;
    const stop = () => {
      calls++;
    };
    const first = onAbort(controller.signal, stop);
    onAbort(controller.signal, stop);
    first();
    controller.abort();
    expect(calls).toBe(1);
  });

  it('calls nothing for a signal that is aborted already, or for none', () => {
    let calls = 0;
    const stop = () => {
      calls++;
    };
    onAbort(AbortSignal.abort(), stop)();
    onAbort(undefined, stop)();
    expect(calls).toBe(0);
  });
});
