// Settings that change with time: what is a schedule, what stays a text, and what is between two keys.

import { describe, expect, it } from 'vitest';
import { isScheduled, numberAt, numberKeys, promptKeys } from '../../src/lib/settings/schedule.js';

describe('prompts by time', () => {
  it('begin with a time; colons and semicolons elsewhere are part of the text', () => {
    expect(promptKeys('0s: a city by day; 4.5s: a city: at night; rain')).toEqual([
      { time: 0, value: 'a city by day' },
      { time: 4.5, value: 'a city: at night; rain' },
    ]);
    for (const text of ['a city: by day; 4s of rain', 'style: oil', '', '4: x', '12 sheep: counted', 'news: 0s: x']) {
      expect(promptKeys(text)).toEqual([{ time: 0, value: text }]);
      expect(isScheduled({ prompt: text })).toBe(false);
    }
    expect(isScheduled({ prompt: 'x', negativePrompt: '1s: y' })).toBe(true);
  });

  it('are in order', () => {
    expect(() => promptKeys('1s: a; 1.0s: b')).toThrow(/prompt: 1s comes after a later time or the same one/);
  });
});

describe('numbers by time', () => {
  const keys = numberKeys('strength schedule', '1s: 0.2; 3s:1 ;4s : 0.5');
  it('stay before the first and after the last key, and are linear between two', () => {
    expect([0, 1, 1.5, 3, 3.5, 4, 99].map((time) => numberAt(keys, time))).toEqual([0.2, 0.2, 0.4, 1, 0.75, 0.5, 0.5]);
  });

  it.each(['0.3', '0s: 0.3; 2s:', '0s: much', '0s: 0.3; 4: 0.6', ''])('are refused as %j', (text) => {
    expect(() => numberKeys('strength schedule', text)).toThrow(/expected numbers by time, such as '0s: 0.3; 4s: 0.6'/);
  });
});
