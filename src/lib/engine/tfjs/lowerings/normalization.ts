// Layer norm and group norm.

import { sizeOf } from '../../../tensor/tensor.js';
import type { Emitter, Lowering, Step } from '../steps.js';

/** x less its mean over the last axis, and 1 / sqrt(variance + epsilon). */
function centered(emit: Emitter, x: Step, epsilon: number): { rest: Step; inverse: Step } {
  const rest = emit.op('sub', [x, mean(emit, x)]);
  const variance = mean(emit, emit.op('square', [rest]));
  return { rest, inverse: emit.op('rsqrt', [emit.op('add', [variance, emit.floats([epsilon], [])])]) };
}

/** The mean over the last axis, which is kept. */
function mean(emit: Emitter, x: Step): Step {
  const last = x.shape.length - 1;
  return emit.op('mul', [emit.op('sum', [x], [last], true), emit.floats([1 / x.shape[last]], [])]);
}

function standardized(emit: Emitter, x: Step, epsilon: number): Step {
  const { rest, inverse } = centered(emit, x, epsilon);
  return emit.op('mul', [rest, inverse]);
}

export const normalization: {
  [O in 'standardize' | 'inverseDeviation' | 'layerNorm' | 'groupNorm']: Lowering<O>;
} = {
  standardize: (emit, [x], { attributes: { epsilon } }) => standardized(emit, x, epsilon),
  inverseDeviation: (emit, [x], { attributes: { epsilon } }) => centered(emit, x, epsilon).inverse,
  layerNorm: (emit, [x, scale, bias], { attributes: { epsilon } }) =>
    emit.op('add', [emit.op('mul', [standardized(emit, x, epsilon), scale]), bias]),
  groupNorm: (emit, [x, scale, bias], { shape, attributes: { groups, epsilon } }) => {
    const rows = emit.op('reshape', [x], [shape[0], groups, sizeOf(shape) / (shape[0] * groups)]);
    const normal = emit.op('reshape', [standardized(emit, rows, epsilon)], shape);
    const perChannel = [shape[1], ...shape.slice(2).map(() => 1)];
    const scaled = emit.op('mul', [normal, emit.op('reshape', [scale], perChannel)]);
    return emit.op('add', [scaled, emit.op('reshape', [bias], perChannel)]);
  },
};
