// Reads element types that `Tensor` does not support as float32: float64 and the two kinds of float8.

import { float16ToFloat32 } from './half.js';
import { damagedFile, openForReading, readExactly } from './read-slices.js';
import type { ForeignEntry } from './safetensors-header.js';
import { sizeOf, type Tensor, tensor } from './tensor.js';

/** Bytes of an element, and the conversion of bytes to numbers. */
const TYPES: Readonly<
  Record<string, { readonly bytes: number; readonly decode: (buffer: ArrayBuffer) => Float32Array }>
> = {
  F64: { bytes: 8, decode: (buffer) => Float32Array.from(new Float64Array(buffer)) },
  F8_E4M3: { bytes: 1, decode: (buffer) => Float32Array.from(new Uint8Array(buffer), e4m3) },
  // The upper byte of a float16.
  F8_E5M2: { bytes: 1, decode: (buffer) => float16ToFloat32(Uint16Array.from(new Uint8Array(buffer), (b) => b << 8)) },
};

/** Whether an element type, by its name in the format, can be read as float32. */
export function isForeignFloat(type: string): boolean {
  return Object.hasOwn(TYPES, type);
}

/**
 * Reads a tensor of float64 or float8 as float32, rounded to nearest.
 *
 * @throws UsageError when the file has fewer bytes than the shape needs
 */
export async function readForeignFloats({
  type,
  shape,
  file,
  offset,
  length,
}: ForeignEntry): Promise<Tensor<'float32'>> {
  const { bytes, decode } = TYPES[type];
  if (length !== bytes * sizeOf(shape)) {
    throw damagedFile(
      file,
      `a tensor of ${type} [${shape.join(', ')}] needs ${bytes * sizeOf(shape)} bytes but has ${length}`,
    );
  }
  const handle = await openForReading(file);
  try {
    const buffer = new ArrayBuffer(length);
    await readExactly(handle, new Uint8Array(buffer), offset, file);
    return tensor('float32', shape, decode(buffer));
  } finally {
    await handle.close();
  }
}

/** 4 exponent bits, 3 mantissa bits, no infinity (Micikevicius et al. 2022). */
function e4m3(byte: number): number {
  const [exponent, mantissa] = [(byte >> 3) & 15, byte & 7];
  if (exponent === 15 && mantissa === 7) return Number.NaN;
  const size = exponent === 0 ? mantissa * 2 ** -9 : (8 + mantissa) * 2 ** (exponent - 10);
  return byte & 0x80 ? -size : size;
}
