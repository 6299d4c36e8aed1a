// What a plan is made of: values, and how lowerings add them.

import type { Node, Op } from '../../graph/types.js';
import type { Argument, Kernel } from './api.js';

/** The kind of TensorFlow.js that computes: native TensorFlow, WebAssembly, WebGPU, or JavaScript. */
export type Backend = 'tensorflow' | 'wasm' | 'webgpu' | 'cpu';

/** A value of a plan: a source of the graph, or a function of tfjs-core of earlier values. */
export type Step = SourceStep | CallStep;

interface Value {
  readonly id: number;
  readonly shape: readonly number[];
  /** Whether it is the same in every run: made of constants and frozen weights only. */
  readonly fixed: boolean;
  readonly inputs: readonly Step[];
}

/** Where a value comes from that is not computed. */
export type Source = Node<'input'> | Node<'weight'> | Node<'constant'>;

/** A value that is given. */
export interface SourceStep extends Value {
  readonly source: Source;
}

/** A value that is computed. */
export interface CallStep extends Value {
  readonly source: null;
  readonly kernel: Kernel;
  readonly args: readonly Argument[];
}

/** Receives the steps of a lowering. */
export interface Emitter {
  readonly backend: Backend;
  /** The value of a function; equal ones are one step, and rearrangements of rearrangements are joined. */
  op(kernel: Kernel, inputs: readonly Step[], ...args: Argument[]): Step;
  /** A float32 constant. */
  floats(values: readonly number[], shape: readonly number[]): Step;
  /** A constant of indices. */
  int32s(values: readonly number[], shape: readonly number[]): Step;
}

/** How a primitive is computed. The engine itself handles sources. */
export type Lowering<O extends Op> = ((emit: Emitter, inputs: readonly Step[], node: Node<O>) => Step) | 'source';

/** Whether a value is that of a function. */
export function isCall<K extends Kernel>(step: Step, kernel: K): step is CallStep & { readonly kernel: K } {
  return step.source === null && step.kernel === kernel;
}
