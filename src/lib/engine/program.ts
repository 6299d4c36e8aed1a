// What an engine gives for a graph, whatever the engine: something that can be run and must be disposed of.

import type { TensorEntry } from '../tensor/safetensors.js';
import type { Tensor } from '../tensor/tensor.js';

/** Where the values of a graph's weights come from: an entry of a safetensors file (mapped), or a tensor in memory. */
export type WeightSource = ReadonlyMap<string, TensorEntry | Tensor>;

/** How the nodes of a program are spread over devices, counted in its first run. */
export interface Placement {
  /** Nodes that ran. */
  readonly nodes: number;
  /** Nodes that ran on the CPU because the device has no kernel for them; by operator. */
  readonly onCpu: Readonly<Record<string, number>>;
}

/** A compiled graph. */
export interface Program {
  /**
   * Computes the outputs from the inputs (and trained weights), by name. Outputs named in `into` are written there, and
   * their tensors hold those arrays.
   */
  run(
    inputs: Readonly<Record<string, Tensor>>,
    into?: Readonly<Record<string, Float32Array>>,
  ): Promise<Record<string, Tensor<'float32'>>>;
  /** Null on the CPU, and before the first run elsewhere. */
  readonly placement: Placement | null;
  /** How the weights reached the engine: mapped from their files, copied (with the reason), or none. */
  readonly weights: WeightAccess;
  /** Gives the session back. A program cannot run afterwards; disposing of it twice is harmless. */
  dispose(): Promise<void>;
}

/** How frozen weights reach the engine. */
export interface WeightAccess {
  readonly mapped: boolean;
  /** Why the bytes had to be copied, where they were. */
  readonly reason?: string;
}
