// The blur against its definition: three means over windows along rows and columns, in which borders repeat.

import { expect, it } from 'vitest';
import { boxBlur } from '../../src/lib/tensor/box-blur.js';

const [width, height, channels] = [7, 5, 2];
const clamp = (value: number, most: number) => Math.min(most, Math.max(0, value));

/** The mean over a window around each place; the outermost places count by the radius's fraction. */
function windowMeans(values: Float64Array, radius: number, [dx, dy]: readonly [number, number]): Float64Array {
  return values.map((_, i) => {
    const c = i % channels;
    const x = Math.floor(i / channels) % width;
    const y = Math.floor(i / channels / width);
    let sum = 0;
    for (let k = -Math.ceil(radius); k <= Math.ceil(radius); k++) {
      const weight = Math.min(1, Math.max(0, radius + 1 - Math.abs(k)));
      const place = clamp(y + k * dy, height - 1) * width + clamp(x + k * dx, width - 1);
      sum += weight * values[place * channels + c];
    }
    return sum / (2 * radius + 1);
  });
}

it.each([1, 2, 2.37, 0.5])('with a radius of %f', (radius) => {
  const values = Float32Array.from({ length: width * height * channels }, (_, i) => ((i * 37) % 101) / 101);
  let expected: Float64Array = Float64Array.from(values);
  for (let pass = 0; pass < 3; pass++) {
    expected = windowMeans(expected, radius, [1, 0]);
    expected = windowMeans(expected, radius, [0, 1]);
  }
  const blurred = boxBlur(values, { width, height, channels }, radius);
  for (const [i, value] of blurred.entries()) expect(value).toBeCloseTo(expected[i], 5);
});
