// The random numbers that keep the copies of a value of noise independent: c / sqrt(k) + r - mean r for each of k uses.

import type { RandomGenerator } from '../base/random.js';

/** Stands for cells that get new noise. */
export const NEW = -2;

/** The random numbers of all uses of cells that are used more than once, and of new cells. */
export interface NoiseDraws {
  /** One value for each channel. */
  readonly values: Float32Array;
  /** Where the values of the next use of a cell begin; -1 if it is used once. */
  next(cell: number): number;
}

/** r - mean r of each use of a cell that is used more than once, and r for `extra` new cells. */
export function independentDraws(
  uses: Uint32Array,
  { channels, extra }: { readonly channels: number; readonly extra: number },
  generator: RandomGenerator,
): NoiseDraws {
  const starts = new Int32Array(uses.length).fill(-1);
  let count = 0;
  uses.forEach((k, cell) => {
    if (k < 2) return;
    starts[cell] = count * channels;
    count += k;
  });
  let end = count * channels;
  const values = generator.randn((count + extra) * channels);
  uses.forEach((k, cell) => {
    if (k < 2) return;
    for (let c = 0; c < channels; c++) {
      let mean = 0;
      for (let i = 0; i < k; i++) mean += values[starts[cell] + i * channels + c] / k;
      for (let i = 0; i < k; i++) values[starts[cell] + i * channels + c] -= mean;
    }
  });
  return {
    values,
    next(cell) {
      const at = cell === NEW ? end : starts[cell];
      if (cell === NEW) end += channels;
      else if (at >= 0) starts[cell] += channels;
      return at;
    },
  };
}
