import { describe, expect, it } from 'vitest';
import { toBfloat16, toFloat16, toFloat32 } from '../../src/lib/tensor/half.js';
import { tensor } from '../../src/lib/tensor/tensor.js';

const every16Bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
const f32 = (...values: number[]) => tensor('float32', [values.length], Float32Array.from(values));

/** IEEE 754 binary16 by its definition. */
function half(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 31;
  const mantissa = h & 1023;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + mantissa / 1024) : sign * 2 ** -14 * (mantissa / 1024);
}

describe('float16', () => {
  const values = toFloat32(tensor('float16', [65536], every16Bits)).data;

  it('decodes all 65,536 patterns as the standard defines them', () => {
    const expected = Float32Array.from(every16Bits, half);
    expect(Array.from(values)).toEqual(Array.from(expected));
  });

  it('encodes every value back to its own bits; NaNs stay NaNs', () => {
    const bits = toFloat16(tensor('float32', [65536], values)).data;
    const isNaN16 = (h: number) => (h & 0x7c00) === 0x7c00 && (h & 0x3ff) !== 0;
    expect(every16Bits.filter((h) => (isNaN16(h) ? !isNaN16(bits[h]) : bits[h] !== h))).toEqual(new Uint16Array());
  });

  it('rounds to the nearest, ties to even, around every boundary', () => {
    // The midpoint of neighbours is exact in float32 and rounds to the even one; a step off it rounds to the nearer one.
    const wrong: number[] = [];
    const next = (x: number, step: number) => {
      const view = new DataView(new ArrayBuffer(4));
      view.setFloat32(0, x);
      view.setInt32(0, view.getInt32(0) + step);
      return view.getFloat32(0);
    };
    const low: number[] = [];
    for (let h = 0; h < 0x7bff; h++) low.push((half(h) + half(h + 1)) / 2);
    const tie = toFloat16(f32(...low)).data;
    const below = toFloat16(f32(...low.map((x) => next(x, -1)))).data;
    const above = toFloat16(f32(...low.map((x) => -next(x, 1)))).data;
    for (let h = 0; h < low.length; h++) {
      if (tie[h] !== h + (h & 1) || below[h] !== h || above[h] !== (0x8000 | (h + 1))) wrong.push(h);
    }
    expect(wrong).toEqual([]);
  });

  it('overflows to infinity from 65520 on and keeps the sign of zero', () => {
    const bits = toFloat16(
      f32(65504, 65519.996, 65520, -1e30, Number.NEGATIVE_INFINITY, 0, -0, 2 ** -25, 2 ** -24),
    ).data;
    expect(Array.from(bits)).toEqual([0x7bff, 0x7bff, 0x7c00, 0xfc00, 0xfc00, 0, 0x8000, 0, 1]);
  });
});

describe('bfloat16', () => {
  it('is the upper half of a float32, both ways', () => {
    const values = toFloat32(tensor('bfloat16', [65536], every16Bits)).data;
    const bits = new Uint32Array(values.buffer);
    expect(every16Bits.filter((h) => bits[h] !== h * 65536)).toEqual(new Uint16Array());
    const back = toBfloat16(tensor('float32', [65536], values)).data;
    const isNaN16 = (h: number) => (h & 0x7f80) === 0x7f80 && (h & 0x7f) !== 0;
    expect(every16Bits.filter((h) => (isNaN16(h) ? !isNaN16(back[h]) : back[h] !== h))).toEqual(new Uint16Array());
  });

  it('rounds to the nearest, ties to even', () => {
    const bits = Uint32Array.of(0x3f808000, 0x3f818000, 0x3f807fff, 0x3f808001, 0x7f7fffff, 0xff800000, 0x7f800001);
    const data = new Float32Array(bits.buffer);
    const rounded = toBfloat16(tensor('float32', [7], data)).data;
    expect(Array.from(rounded.slice(0, 6))).toEqual([0x3f80, 0x3f82, 0x3f80, 0x3f81, 0x7f80, 0xff80]);
    expect(rounded[6]).toBe(0x7fc0);
  });
});

it('takes integers of every element type', () => {
  expect(toFloat32(tensor('int64', [2], BigInt64Array.of(-3n, 1n << 40n))).data).toEqual(Float32Array.of(-3, 2 ** 40));
  expect(toFloat32(tensor('int32', [2], Int32Array.of(-3, 7))).data).toEqual(Float32Array.of(-3, 7));
  expect(toFloat32(tensor('uint8', [1], Uint8Array.of(255))).data).toEqual(Float32Array.of(255));
  expect(toFloat16(tensor('uint8', [1], Uint8Array.of(255))).data).toEqual(Uint16Array.of(0x5bf8));
  const same = f32(1);
  expect(toFloat32(same)).toBe(same);
});
