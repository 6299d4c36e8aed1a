// Times of frames, as arithmetic on seconds: the frame shown at a time, and whether the times have a constant rate.

/**
 * The times of the frames of a selection.
 *
 * @inline
 */
export interface FrameTimes {
  /** Seconds at which each frame appears, ascending from 0. */
  readonly times: readonly number[];
  /** End of the last frame, in seconds. */
  readonly duration: number;
  /** Time of the first frame in the source, in seconds: the start of its sound. */
  readonly start: number;
  /** Frames per second; the mean if `variable`. */
  readonly frameRate: number;
  /** Whether no single rate describes the times. */
  readonly variable: boolean;
}

/** Half of the coarsest unit of containers' times, in seconds: the maximum delay of a stored time by rounding. */
export const TIME_SLACK = 0.0005 + 1e-6;

/**
 * The index of the frame that is shown at `time`: the last one that appears at or before it, or the first one if there is
 * none. The only lookup of frames by time.
 *
 * @param times seconds at which frames appear, ascending; at least one
 */
export function frameAt(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (times[middle] <= time + TIME_SLACK) low = middle;
    else high = middle;
  }
  return low;
}

// In coarser units, such as those of an AVI, times are whole multiples, so deviations are not due to rounding.
const COARSEST = 0.002;

/**
 * The constant rate of all `times`, or undefined if there is none. Times may deviate by rounding to `tick`.
 *
 * @param tick unit of the container's times, in seconds
 * @param guesses rates to try before the mean, such as the container's
 */
export function steadyRate(
  times: readonly number[],
  tick: number,
  guesses: readonly (number | undefined)[],
): number | undefined {
  const known = guesses.filter((rate): rate is number => rate !== undefined && rate > 0);
  const last = times.length - 1;
  if (last < 1) return known[0];
  const mean = last / (times[last] - times[0]);
  return [...known, mean].find((rate) => {
    let [least, most] = [0, 0];
    for (const [i, time] of times.entries()) {
      const off = time - times[0] - i / rate;
      least = Math.min(least, off);
      most = Math.max(most, off);
    }
    return most - least <= 0.9999 * Math.min(tick, COARSEST) + 2e-6;
  });
}

/**
 * Returns a function that makes successive stored times ascend: a frame without a time (NaN), or with one that is not after
 * the previous frame's, follows that one by a `period`. Gaps of more than `leap` seconds, as in concatenated recordings, are
 * removed.
 */
export function ascending(period: number, leap: number = Number.POSITIVE_INFINITY): (stored: number) => number {
  let before: number | undefined;
  let moved = 0;
  return (stored) => {
    let now = stored + moved;
    if (before === undefined) now = Number.isNaN(stored) ? 0 : now;
    else if (!(now > before) || now - before > leap) {
      if (Math.abs(now - before) > leap) moved += before + period - now;
      now = before + period;
    }
    before = now;
    return now;
  };
}

/** Yields the items of a stream at these indices (ascending, repeats allowed); reads no further than the last one. */
export async function* pickInOrder<T>(
  items: AsyncIterable<T> | Iterable<T>,
  indices: readonly number[],
): AsyncGenerator<T, void, undefined> {
  let [next, index] = [0, 0];
  if (indices.length === 0) return;
  for await (const item of items) {
    for (; indices[next] === index; next++) yield item;
    if (next === indices.length) return;
    index++;
  }
}
