// @ts-check
// Arithmetic of charts in the browser and in the library: ticks of an axis and a running mean.

/** The step of 1, 2 or 5 times a power of ten nearest to a distance. @param {number} distance @returns {number} */
export function tickStep(distance) {
  const power = 10 ** Math.floor(Math.log10(distance));
  const share = distance / power;
  return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

/**
 * The multiples of a step from `min` to `max`, about `count` of them.
 *
 * @param {number} min
 * @param {number} max
 * @param {number} count
 * @returns {{ step: number, values: number[] }}
 */
export function linearTicks(min, max, count) {
  const step = tickStep((max - min) / count);
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return { step, values: Array.from({ length: last - first + 1 }, (_, i) => rounded((first + i) * step)) };
}

/**
 * Ticks of a logarithmic axis: powers of ten, and 3 or 2 and 5 times them if there are few.
 *
 * @param {number} from log10 of the least value
 * @param {number} to log10 of the greatest value
 * @returns {number[]}
 */
export function logTicks(from, to) {
  const digits = to - from > 5 ? [1] : to - from > 1.5 ? [1, 3] : [1, 2, 5];
  const values = [];
  for (let power = Math.floor(from); power <= Math.ceil(to); power++) {
    for (const digit of digits) {
      const place = power + Math.log10(digit);
      if (place >= from && place <= to) values.push(rounded(digit * 10 ** power));
    }
  }
  return values;
}

/**
 * A running mean over the values so far, exponentially weighted and without bias at the start:
 * m[i] = sum w^(i-j) v[j] / sum w^(i-j) over the values up to i that are numbers. Gaps stay gaps.
 *
 * @param {readonly (number | null)[]} values
 * @param {number} keep w, from 0 (no smoothing) to below 1
 * @returns {(number | null)[]}
 */
export function runningMean(values, keep) {
  let [sum, weight] = [0, 0];
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return null;
    sum = keep * sum + value;
    weight = keep * weight + 1;
    return sum / weight;
  });
}

/** Removes rounding errors of binary fractions for labels. @param {number} value */
function rounded(value) {
  return Number(value.toPrecision(12));
}
