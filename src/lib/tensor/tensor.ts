// Host tensors: plain data, row-major, no methods. Arithmetic on them belongs to a graph.

import { UsageError } from '../base/errors.js';

/**
 * Element types of a tensor; `float16` and `bfloat16` are raw bits in a `Uint16Array`.
 *
 * @inline
 */
export type DType = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'int64' | 'uint8';

/**
 * The typed array of each element type.
 *
 * @inline
 */
export interface DataOf {
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
}

/** A dense row-major array with its shape. `Tensor` alone is a tensor of any element type. */
export type Tensor<D extends DType = DType> = {
  [K in D]: { readonly dtype: K; readonly shape: readonly number[]; readonly data: DataOf[K] };
}[D];

/** Bytes per element. */
export const BYTES_PER_ELEMENT: Readonly<Record<DType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
};

/** Number of elements of a shape: the product of its sides, 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const side of shape) size *= side;
  return size;
}

/**
 * Wraps `data` as a tensor without copying it.
 *
 * @throws UsageError when the shape does not have exactly as many elements as `data`
 */
export function tensor<D extends DType>(dtype: D, shape: readonly number[], data: DataOf[D]): Tensor<D> {
  if (sizeOf(shape) !== data.length) {
    throw new UsageError(
      `tensor: shape [${shape.join(', ')}] holds ${sizeOf(shape)} elements but ${data.length} were given; pass data of that length`,
    );
  }
  return { dtype, shape: [...shape], data } as unknown as Tensor<D>;
}
