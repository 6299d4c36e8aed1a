// When frames are shown. Pure arithmetic on seconds: which frame is seen at a time, and whether a rate describes them all.

/**
 * When each frame of a selection is shown.
 *
 * @inline
 */
export interface FrameTimes {
  /** Seconds at which each frame appears, ascending from 0. */
  readonly times: readonly number[];
  /** Seconds until the last one has been shown. */
  readonly duration: number;
  /** Second of the source at which the first one appears: where its sound is to be cut. */
  readonly start: number;
  /** Frames per second; the mean where `variable`. */
  readonly frameRate: number;
  /** Whether no single rate describes the times. */
  readonly variable: boolean;
}

/** Half of the coarsest unit in which containers count, seconds: a stored time may be so much later than the true one. */
export const TIME_SLACK = 0.0005 + 1e-6;

/**
 * The number of the frame that is shown at `time`: the last one that appears at or before it, and the first one before any
 * has appeared. Every place that finds a frame by its time asks here.
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

// In coarser units, such as those of an AVI, times are whole multiples: what does not fit has not been rounded.
const COARSEST = 0.002;

/**
 * The one rate at which all `times` lie, or undefined where there is none. Times may be off by what rounding to `tick` does.
 *
 * @param tick seconds in which the container counts
 * @param guesses rates to try before the mean, such as what the container says
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
 * Makes stored times ascend, one by one: a frame without a time (NaN), or with one that is not after the frame before, follows
 * that one by a `period`. Where one recording was joined to another, a leap of more than `leap` seconds is taken out.
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

/** The items of these numbers (ascending, repeats allowed) of a stream, which is left behind the last of them. */
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
