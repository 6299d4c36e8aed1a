// Frame rates as fractions, because ffmpeg needs 30000/1001, not 29.97. Elsewhere, a rate is a number.

import { UsageError } from '../../base/errors.js';

/** Throws an error if a number is not a frame rate. */
export function checkFrameRate(rate: number): void {
  if (!Number.isFinite(rate) || rate <= 0 || rate > 1000) {
    throw new UsageError(`a frame rate of ${rate} is not possible; give frames per second, above 0 and up to 1000`);
  }
}

/** The simplest fraction within `tolerance` of `value` (continued fractions). */
function simplestFraction(value: number, tolerance: number): [number, number] {
  let [n0, d0, n1, d1] = [0, 1, 1, 0];
  for (let rest = value; ; rest = 1 / (rest - Math.floor(rest))) {
    const whole = Math.floor(rest);
    [n0, d0, n1, d1] = [n1, d1, whole * n1 + n0, whole * d1 + d0];
    if (Math.abs(n1 / d1 - value) <= tolerance) return [n1, d1];
  }
}

/** The broadcast rate k * 1000 / 1001 within `tolerance`, if any. */
function broadcastRate(value: number, tolerance: number): [number, number] | undefined {
  const whole = Math.round((value * 1001) / 1000);
  const isOne = whole >= 8 && Math.abs((whole * 1000) / 1001 - value) <= tolerance;
  return isOne ? [whole * 1000, 1001] : undefined;
}

/** A frame rate for ffmpeg: `25/1`, `30000/1001`. */
export function rateAsFraction(rate: number): string {
  const tolerance = rate * 1e-7;
  const [numerator, denominator] = broadcastRate(rate, tolerance) ?? simplestFraction(rate, tolerance);
  return `${numerator}/${denominator}`;
}

/** The exact rate of one printed with two decimals: 29.97 is 30000/1001, 33.33 is 100/3, 24.39 stays 24.39. */
export function rateFromPrinted(printed: number): number {
  if (Number.isInteger(printed)) return printed;
  const tolerance = 0.005 + 1e-9;
  const broadcast = broadcastRate(printed, tolerance);
  if (broadcast && [24, 30, 48, 60, 120, 240].includes(broadcast[0] / 1000)) return broadcast[0] / broadcast[1];
  const [numerator, denominator] = simplestFraction(printed, tolerance);
  return denominator <= 12 ? numerator / denominator : printed;
}
