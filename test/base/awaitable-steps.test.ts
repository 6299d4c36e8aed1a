// Work in steps with an awaitable result: one run, however it is consumed.

import { expect, test } from 'vitest';
import { awaitableSteps } from '../../src/lib/base/awaitable-steps.js';

/** Counts to 3 and records events. */
function counting(fail?: Error) {
  const log: string[] = [];
  async function* work() {
    log.push('begun');
    try {
      for (const step of [1, 2, 3]) {
        if (fail && step === 3) throw fail;
        yield step;
      }
      return 'done';
    } finally {
      log.push('closed');
    }
  }
  return { log, work: awaitableSteps('counting', work()) };
}

test('begins when it is asked for something, and runs once', async () => {
  const { log, work } = counting();
  await new Promise(setImmediate);
  expect(log).toEqual([]);
  expect(await work).toBe('done');
  expect(await work).toBe('done');
  const steps: number[] = [];
  for await (const step of work) steps.push(step);
  expect(steps).toEqual([]);
  expect(log).toEqual(['begun', 'closed']);
});

test('gives its steps to a loop, and then its result', async () => {
  const { log, work } = counting();
  const steps: number[] = [];
  for await (const step of work) steps.push(step);
  expect(steps).toEqual([1, 2, 3]);
  expect(await work).toBe('done');
  expect(log).toEqual(['begun', 'closed']);
});

test('awaited in the middle of a loop it runs the rest', async () => {
  const { work } = counting();
  const steps: number[] = [];
  for await (const step of work) {
    steps.push(step);
    expect(await work).toBe('done');
  }
  expect(steps).toEqual([1]);
});

test('a loop that is left ends the work, which then has no result', async () => {
  const { log, work } = counting();
  for await (const step of work) if (step === 2) break;
  expect(log).toEqual(['begun', 'closed']);
  await expect(work).rejects.toThrow('counting: its loop was left before the last step, so that there is no result');
});

test('an error reaches the loop and whoever awaits; one that is not awaited is not unhandled', async () => {
  const error = new Error('broken');
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const iterated = counting(error);
    await expect(async () => {
      for await (const _ of iterated.work);
    }).rejects.toBe(error);
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
    await expect(iterated.work).rejects.toBe(error);
    const seen: unknown[] = [];
    await counting(error)
      .work.catch((reason) => seen.push(reason))
      .finally(() => seen.push('end'));
    expect(seen).toEqual([error, 'end']);
  } finally {
    process.off('unhandledRejection', note);
  }
});
