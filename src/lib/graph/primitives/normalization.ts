// Layer norm (Ba et al. 2016) and group norm (Wu and He 2018).

import { sizeOf } from '../../tensor/tensor.js';
import { floatLike, refuse, show } from '../shapes.js';
import type { Emitter, Node, Ops, Primitive } from '../types.js';

/** dx = (d - mean(d) - normal mean(d normal)) inverse over the last axis, d being the gradient of `normal`. */
function standardizeGradient(g: Ops, d: Node, normal: Node, inverse: Node): Node {
  const last = [d.shape.length - 1];
  const along = g.multiply(normal, g.mean(g.multiply(d, normal), last, true));
  return g.multiply(g.subtract(g.subtract(d, g.mean(d, last, true)), along), inverse);
}

/** Rows of LayerNormalization are spread over threads, which those of InstanceNormalization are not. */
function emitStandardize(emit: Emitter, x: string, length: number, epsilon: number): string {
  const ones = emit.op('Expand', [emit.floats([1], [1]), emit.int64s([length])]);
  return emit.op('LayerNormalization', [x, ones], { axis: -1, epsilon: { float: epsilon } });
}

function checkAffine(op: string, channels: number, scale: Node, bias: Node): void {
  for (const x of [scale, bias]) {
    if (x.shape.length !== 1 || x.shape[0] !== channels) {
      refuse(op, `scale and bias must be [${channels}], not ${show(scale.shape)} and ${show(bias.shape)}`);
    }
  }
}

export const normalization: {
  [O in 'standardize' | 'inverseDeviation' | 'layerNorm' | 'groupNorm']: Primitive<O>;
} = {
  standardize: {
    type: ([x]) => floatLike('standardize', x),
    gradient: (normal, dy, g) => {
      const {
        inputs: [x],
        attributes: { epsilon },
      } = normal;
      return [standardizeGradient(g, dy, normal, g.inverseDeviation(x, epsilon))];
    },
    onnx: (emit, [x], { shape, attributes: { epsilon } }) => emitStandardize(emit, x, shape.at(-1)!, epsilon),
  },

  inverseDeviation: {
    type: ([x]) => ({ ...floatLike('inverseDeviation', x), shape: [...x.shape.slice(0, -1), 1] }),
    // -inverse^2 normal / length
    gradient: (inverse, dy, g) => {
      const {
        inputs: [x],
        attributes: { epsilon },
      } = inverse;
      const slope = g.multiply(g.scalar(-1 / x.shape.at(-1)!), g.multiply(inverse, inverse));
      return [g.multiply(g.multiply(dy, slope), g.standardize(x, epsilon))];
    },
    onnx: (emit, [x], { inputs: [{ shape }], attributes: { epsilon } }) =>
      // Always float32, whatever x is.
      emit.op('Cast', [emit.output(emitStandardize(emit, x, shape.at(-1)!, epsilon), 2)], { to: emit.float }),
  },

  layerNorm: {
    type: ([x, scale, bias]) => {
      checkAffine('layerNorm', x.shape.at(-1)!, scale, bias);
      return floatLike('layerNorm', x);
    },
    // dx = (scale dy - mean(scale dy) - normal mean(scale dy normal)) inverse, the means as products with scale / length
    gradient: ({ inputs: [x, scale], attributes: { epsilon } }, dy, g) => {
      const normal = g.standardize(x, epsilon);
      const length = x.shape.at(-1)!;
      const leading = x.shape.slice(0, -1).map((_, i) => i);
      const column = g.multiply(g.reshape(scale, [length, 1]), g.scalar(1 / length));
      const product = g.multiply(dy, normal);
      const centered = g.subtract(g.multiply(dy, scale), g.matmul(dy, column));
      const rest = g.subtract(centered, g.multiply(normal, g.matmul(product, column)));
      const dx = g.multiply(rest, g.inverseDeviation(x, epsilon));
      return [dx, g.sum(product, leading), g.sum(dy, leading)];
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
    // With sums over each channel's cells first, two passes over all of x and dy are left:
    // dx = dy scale inverse - (mean(scale dy) + normal mean(scale dy normal)) inverse, means over a group
    gradient: ({ inputs: [x, scale], attributes: { groups, epsilon } }, dy, g) => {
      const [batch, channels] = x.shape;
      const cells = sizeOf(x.shape.slice(2));
      const length = (channels / groups) * cells;
      const rows = g.reshape(x, [batch, groups, length]);
      const normal = g.standardize(rows, epsilon);
      const inverse = g.inverseDeviation(rows, epsilon);
      const flatDy = g.reshape(dy, [batch, channels, cells]);
      const sums = g.sum(flatDy, [2]);
      const products = g.sum(g.multiply(flatDy, g.reshape(normal, flatDy.shape)), [2]);
      // [B, C] to the scaled mean over each group, [B, G, 1]
      const groupMean = (perChannel: Node): Node => {
        const scaled = g.reshape(g.multiply(perChannel, scale), [batch, groups, channels / groups]);
        return g.multiply(g.multiply(g.sum(scaled, [2], true), g.scalar(-1 / length)), inverse);
      };
      const factor = g.multiply(g.reshape(scale, [1, groups, channels / groups]), inverse);
      const direct = g.multiply(flatDy, g.reshape(factor, [batch, channels, 1]));
      const rest = g.add(g.multiply(normal, groupMean(products)), groupMean(sums));
      const dx = g.add(direct, g.reshape(rest, flatDy.shape));
      return [g.reshape(dx, x.shape), g.sum(products, [0]), g.sum(sums, [0])];
    },
    onnx: (emit, [x, scale, bias], { shape, attributes: { groups, epsilon } }) => {
      const length = sizeOf(shape) / (shape[0] * groups);
      const rows = emit.op('Reshape', [x, emit.int64s([shape[0], groups, length])]);
      const normal = emitStandardize(emit, rows, length, epsilon);
      const perChannel = emit.int64s([shape[1], ...shape.slice(2).map(() => 1)]);
      const scaled = emit.op('Mul', [
        emit.op('Reshape', [normal, emit.int64s(shape)]),
        emit.op('Reshape', [scale, perChannel]),
      ]);
      return emit.op('Add', [scaled, emit.op('Reshape', [bias, perChannel])]);
    },
  },
};
