// Layer norm (Ba et al. 2016) and group norm (Wu and He 2018).

import { sizeOf } from '../../tensor/tensor.js';
import { floatLike, refuse, show } from '../shapes.js';
import type { Node, Ops, Primitive } from '../types.js';

/** (x - mean) / sqrt(variance + epsilon) over the last axis, and 1 / sqrt(variance + epsilon). */
function standardize(g: Ops, x: Node, epsilon: number): { normal: Node; inverse: Node } {
  const last = [x.shape.length - 1];
  const centred = g.subtract(x, g.mean(x, last, true));
  const variance = g.mean(g.multiply(centred, centred), last, true);
  const inverse = g.divide(g.scalar(1), g.sqrt(g.add(variance, g.scalar(epsilon))));
  return { normal: g.multiply(centred, inverse), inverse };
}

/** dx = (d - mean(d) - normal mean(d normal)) inverse over the last axis, d being the gradient of `normal`. */
function standardizeGradient(g: Ops, d: Node, normal: Node, inverse: Node): Node {
  const last = [d.shape.length - 1];
  const along = g.multiply(normal, g.mean(g.multiply(d, normal), last, true));
  return g.multiply(g.subtract(g.subtract(d, g.mean(d, last, true)), along), inverse);
}

function checkAffine(op: string, channels: number, scale: Node, bias: Node): void {
  for (const x of [scale, bias]) {
    if (x.shape.length !== 1 || x.shape[0] !== channels) {
      refuse(op, `scale and bias must be [${channels}], not ${show(scale.shape)} and ${show(bias.shape)}`);
    }
  }
}

export const normalization: { [O in 'layerNorm' | 'groupNorm']: Primitive<O> } = {
  layerNorm: {
    type: ([x, scale, bias]) => {
      checkAffine('layerNorm', x.shape.at(-1)!, scale, bias);
      return floatLike('layerNorm', x);
    },
    gradient: ({ inputs: [x, scale], attributes: { epsilon } }, dy, g) => {
      const { normal, inverse } = standardize(g, x, epsilon);
      const leading = x.shape.slice(0, -1).map((_, i) => i);
      const dx = standardizeGradient(g, g.multiply(dy, scale), normal, inverse);
      return [dx, g.sum(g.multiply(dy, normal), leading), g.sum(dy, leading)];
    },
    onnx: (emit, inputs, { attributes: { epsilon } }) =>
      emit.op('LayerNormalization', inputs, { axis: -1, epsilon: { float: epsilon } }),
  },

  groupNorm: {
    type: ([x, scale, bias], { groups }) => {
      if (x.shape.length < 3 || x.shape[1] % groups !== 0) {
        refuse('groupNorm', `${show(x.shape)} does not split into ${groups} groups of channels`);
      }
      checkAffine('groupNorm', x.shape[1], scale, bias);
      return floatLike('groupNorm', x);
    },
    gradient: ({ inputs: [x, scale], attributes: { groups, epsilon } }, dy, g) => {
      const [batch, channels] = x.shape;
      const grouped = [batch, groups, sizeOf(x.shape) / (batch * groups)];
      const perChannel = [1, channels, ...x.shape.slice(2).map(() => 1)];
      const { normal, inverse } = standardize(g, g.reshape(x, grouped), epsilon);
      const scaled = g.reshape(g.multiply(dy, g.reshape(scale, perChannel)), grouped);
      const dx = g.reshape(standardizeGradient(g, scaled, normal, inverse), x.shape);
      const others = x.shape.map((_, i) => i).filter((i) => i !== 1);
      return [dx, g.sum(g.multiply(dy, g.reshape(normal, x.shape)), others), g.sum(dy, others)];
    },
    onnx: (emit, [x, scale, bias], { shape, attributes: { groups, epsilon } }) => {
      // Rows of LayerNormalization are spread over threads, which those of InstanceNormalization are not.
      const length = sizeOf(shape) / (shape[0] * groups);
      const rows = emit.op('Reshape', [x, emit.int64s([shape[0] * groups, length])]);
      const ones = emit.op('Expand', [emit.floats([1], [1]), emit.int64s([length])]);
      const normal = emit.op('LayerNormalization', [rows, ones], { axis: -1, epsilon: { float: epsilon } });
      const perChannel = emit.int64s([shape[1], ...shape.slice(2).map(() => 1)]);
      const scaled = emit.op('Mul', [
        emit.op('Reshape', [normal, emit.int64s(shape)]),
        emit.op('Reshape', [scale, perChannel]),
      ]);
      return emit.op('Add', [scaled, emit.op('Reshape', [bias, perChannel])]);
    },
  },
};
