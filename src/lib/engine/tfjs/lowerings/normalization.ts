// Layer norm and group norm.

import { sizeOf } from '../../../tensor/tensor.js';
import { type Emitter, isCall, type Lowering, type Step } from '../steps.js';

/** x less its mean over axes, and 1 / sqrt(variance + epsilon). */
function centered(emit: Emitter, x: Step, axes: readonly number[], epsilon: number): { rest: Step; inverse: Step } {
  const rest = emit.op('sub', [x, mean(emit, x, axes)]);
  const variance = mean(emit, emit.op('square', [rest]), axes);
  return { rest, inverse: emit.op('rsqrt', [emit.op('add', [variance, emit.floats([epsilon], [])])]) };
}

/** The mean over axes, which are kept; one after the other, the last first, so that no kernel transposes all of x. */
function mean(emit: Emitter, x: Step, axes: readonly number[]): Step {
  return axes.reduceRight((part, axis) => emit.op('mean', [part], [axis], true), x);
}

function standardized(emit: Emitter, x: Step, axes: readonly number[], epsilon: number): Step {
  const { rest, inverse } = centered(emit, x, axes, epsilon);
  return emit.op('mul', [rest, inverse]);
}

const last = ({ shape }: Step): readonly number[] => [shape.length - 1];

export const normalization: {
  [O in 'standardize' | 'inverseDeviation' | 'layerNorm' | 'groupNorm']: Lowering<O>;
} = {
  standardize: (emit, [x], { attributes: { epsilon } }) => standardized(emit, x, last(x), epsilon),
  inverseDeviation: (emit, [x], { attributes: { epsilon } }) => centered(emit, x, last(x), epsilon).inverse,
  layerNorm: (emit, [x, scale, bias], { attributes: { epsilon } }) =>
    emit.op('add', [emit.op('mul', [standardized(emit, x, last(x), epsilon), scale]), bias]),
  groupNorm: (emit, [x, scale, bias], { shape, attributes: { groups, epsilon } }) => {
    const [batch, channels] = shape;
    const affine = (normal: Step, sides: readonly number[]): Step => {
      const [factor, shift] = [scale, bias].map((step) => emit.op('reshape', [step], sides));
      return emit.op('add', [emit.op('mul', [normal, factor]), shift]);
    };
    if (isCall(x, 'transpose') && `${x.args[0]}` === '0,3,1,2') {
      // Channels last already.
      const [inner] = x.inputs;
      const rows = emit.op('reshape', [inner], [batch, sizeOf(shape.slice(2)), groups, channels / groups]);
      const normal = emit.op('reshape', [standardized(emit, rows, [1, 3], epsilon)], inner.shape);
      return emit.op('transpose', [affine(normal, [channels])], [0, 3, 1, 2]);
    }
    const rows = emit.op('reshape', [x], [batch, groups, sizeOf(shape) / (batch * groups)]);
    const normal = emit.op('reshape', [standardized(emit, rows, [2], epsilon)], shape);
    return affine(normal, [channels, ...shape.slice(2).map(() => 1)]);
  },
};
