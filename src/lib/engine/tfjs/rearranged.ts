// Joins what only rearranges numbers.

import type { Argument, Kernel } from './api.js';
import { type Emitter, isCall, type Step } from './steps.js';

/** A function to be applied. */
interface NewCall {
  readonly kernel: Kernel;
  readonly inputs: readonly Step[];
  readonly args: readonly Argument[];
}

/** An equal value in fewer or cheaper steps, if there is one. */
export function rearranged(emit: Emitter, { kernel, inputs, args }: NewCall): Step | undefined {
  const [x] = inputs;
  if (kernel === 'transpose') {
    const permutation = args[0] as readonly number[];
    if (permutation.every((axis, i) => axis === i)) return x;
    if (!isCall(x, 'transpose')) return undefined;
    const first = x.args[0] as readonly number[];
    return emit.op(
      'transpose',
      x.inputs,
      permutation.map((axis) => first[axis]),
    );
  }
  if (kernel === 'reshape') {
    if (`${args[0]}` === `${x.shape}`) return x;
    if (isCall(x, 'reshape')) return emit.op('reshape', x.inputs, ...args);
  }
  return undefined;
}
