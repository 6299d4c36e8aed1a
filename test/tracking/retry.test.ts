// Delays between attempts, and retried errors.

import { describe, expect, it } from 'vitest';
import { readRetryAfter, ServerTrouble } from '../../src/lib/tracking/mlflow/http.js';
import { backoff, retrying } from '../../src/lib/tracking/mlflow/retry.js';

describe('the wait', () => {
  it('doubles up to a limit, less a random half, and is at least what the server asks for', () => {
    const options = { base: 100, longest: 1000 };
    for (const [failures, most] of [
      [1, 100],
      [2, 200],
      [4, 800],
      [5, 1000],
      [50, 1000],
    ]) {
      const waits = Array.from({ length: 200 }, () => backoff(failures, 0, options));
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(most / 2);
      expect(Math.max(...waits)).toBeLessThanOrEqual(most);
      expect(new Set(waits).size).toBeGreaterThan(100);
    }
    expect(backoff(1, 5000, options)).toBe(5000);
  });

  it.each([
    ['7', 7000],
    [' 0 ', 0],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 5000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['99999999', 300_000],
    ['soon', undefined],
    [undefined, undefined],
  ])('that Retry-After: %s asks for is %s ms', (header, expected) => {
    expect(readRetryAfter(header, Date.UTC(2026, 0, 1))).toBe(expected);
  });
});

describe('retrying', () => {
  const failing = (times: number, again: boolean) => {
    let calls = 0;
    const what = async (): Promise<number> => {
      if (++calls <= times) throw new ServerTrouble(`failure ${calls}`, { again });
      return calls;
    };
    return { what, calls: () => calls };
  };
  const quick = { base: 1, longest: 2, attempts: 4 };

  it('goes on until it succeeds, and gives up after so many attempts', async () => {
    expect(await retrying(failing(3, true).what, quick)).toBe(4);
    await expect(retrying(failing(9, true).what, quick)).rejects.toThrow('failure 4');
  });

  it('does not repeat what will not come right, nor go on when it shall stop', async () => {
    const lasting = failing(9, false);
    await expect(retrying(lasting.what, quick)).rejects.toThrow('failure 1');
    expect(lasting.calls()).toBe(1);
    const signal = AbortSignal.timeout(20);
    const stopped = failing(9, true);
    await expect(retrying(stopped.what, { base: 10_000, longest: 10_000, signal })).rejects.toThrow();
    expect(stopped.calls()).toBe(1);
  });
});
