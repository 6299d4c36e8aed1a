// The result of compiling a graph, for any engine: a program that can be run and must be disposed of.

import type { TensorEntry } from '../tensor/safetensors.js';
import type { Tensor } from '../tensor/tensor.js';

/** The values of a graph's weights: entries of safetensors files (mapped), or tensors in memory. */
export type WeightSource = ReadonlyMap<string, TensorEntry | Tensor>;

/**
 * The distribution of a program's nodes over devices, counted in its first run.
 *
 * @inline
 */
export interface Placement {
  /** Number of nodes that ran. */
  readonly nodes: number;
  /** Number of nodes that ran on the CPU because the device has no kernel for them, by operator. */
  readonly onCpu: Readonly<Record<string, number>>;
  /** Bytes of frozen weights that the device holds; what it needs besides, while it runs, it does not tell. */
  readonly weightBytes: number;
}

/** A compiled graph. */
export interface Program {
  /**
   * Computes the outputs from the inputs (and trained weights), by name. Outputs named in `into` are written to those
   * arrays, which their tensors refer to.
   */
  run(
    inputs: Readonly<Record<string, Tensor>>,
    into?: Readonly<Record<string, Float32Array>>,
  ): Promise<Record<string, Tensor<'float32'>>>;
  /** Null on the CPU, and before the first run elsewhere. */
  readonly placement: Placement | null;
  /** How the weights reached the engine: mapped from their files, copied (with the reason), or none. */
  readonly weights: WeightAccess;
  /** Closes the session. A program cannot run afterwards; a second call does nothing. */
  dispose(): Promise<void>;
}

/**
 * How frozen weights reach the engine.
 *
 * @inline
 */
export interface WeightAccess {
  readonly mapped: boolean;
  /** The reason for copying the bytes, if they were copied. */
  readonly reason?: string;
}
