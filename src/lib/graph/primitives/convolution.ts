// Convolution and nearest-neighbour resizing of pictures [B, C, H, W].

import { floatLike, refuse, show } from '../shapes.js';
import type { Node, Ops, Padding, Primitive } from '../types.js';

/** Gradient of a convolution's input: dy spread by the stride, convolved with the flipped, transposed weights. */
function inputGradient(g: Ops, x: Node, w: Node, dy: Node, stride: number, padding: Padding): Node {
  const [, , height, width] = x.shape;
  const [, , kh, kw] = w.shape;
  const [top, left] = padding;
  const flipped = g.flip(g.transpose(w, [1, 0, 2, 3]), [2, 3]);
  const spread = stride === 1 ? dy : spreadOut(g, dy, stride);
  // Positive sides become padding of the convolution, negative ones are cut off its input.
  const before = [kh - 1 - top, kw - 1 - left];
  const after = [height + kh - 1 - before[0] - spread.shape[2], width + kw - 1 - before[1] - spread.shape[3]];
  const cut = (n: number): number => Math.max(0, -n);
  const sides = spread.shape;
  const trimmed = g.slice(
    spread,
    [0, 0, cut(before[0]), cut(before[1])],
    [sides[0], sides[1], sides[2] - cut(after[0]), sides[3] - cut(after[1])],
  );
  const keep = (n: number): number => Math.max(0, n);
  return g.conv2d(trimmed, flipped, null, {
    padding: [keep(before[0]), keep(before[1]), keep(after[0]), keep(after[1])],
  });
}

/** Puts stride - 1 zeros between neighbours. */
function spreadOut(g: Ops, x: Node, stride: number): Node {
  const [batch, channels, height, width] = x.shape;
  const split = g.reshape(x, [batch, channels, height, 1, width, 1]);
  const padded = g.pad(split, [0, 0, 0, 0, 0, 0], [0, 0, 0, stride - 1, 0, stride - 1]);
  const joined = g.reshape(padded, [batch, channels, height * stride, width * stride]);
  return g.slice(joined, [0, 0, 0, 0], [batch, channels, (height - 1) * stride + 1, (width - 1) * stride + 1]);
}

/** Gradient of a convolution's weights: for each tap, dy times the shifted input, summed over pictures. */
function weightGradient(g: Ops, x: Node, w: Node, dy: Node, stride: number, padding: Padding): Node {
  const [batch, inputs] = x.shape;
  const [outputs, , kh, kw] = w.shape;
  const [, , height, width] = dy.shape;
  const [top, left, bottom, right] = padding;
  const padded = g.pad(x, [0, 0, top, left], [0, 0, bottom, right]);
  const flatDy = g.reshape(dy, [batch, outputs, height * width]);
  const taps: Node[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const shifted = g.slice(
        padded,
        [0, 0, i, j],
        [batch, inputs, i + (height - 1) * stride + 1, j + (width - 1) * stride + 1],
        [1, 1, stride, stride],
      );
      const flat = g.reshape(shifted, [batch, inputs, height * width]);
      const product = g.matmul(flatDy, flat, { transposeB: true });
      taps.push(g.reshape(g.sum(product, [0]), [outputs, inputs, 1]));
    }
  }
  return g.reshape(taps.length === 1 ? taps[0] : g.concat(taps, 2), w.shape);
}

/** A 0-1 matrix [to, from] that repeats rows as nearest-neighbour resizing does. */
function repeatMatrix(g: Ops, from: number, to: number): Node {
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) data[i * from + Math.floor((i * from) / to)] = 1;
  return g.constant({ dtype: 'float32', shape: [to, from], data });
}

export const convolution: { [O in 'conv2d' | 'resizeNearest']: Primitive<O> } = {
  conv2d: {
    type: ([x, w, bias], { stride, padding: [top, left, bottom, right] }) => {
      floatLike('conv2d', x);
      if (x.shape.length !== 4 || w.shape.length !== 4 || x.shape[1] !== w.shape[1]) {
        refuse('conv2d', `picture ${show(x.shape)} does not fit weights ${show(w.shape)}`);
      }
      if (bias && (bias.shape.length !== 1 || bias.shape[0] !== w.shape[0])) {
        refuse('conv2d', `bias ${show(bias.shape)} does not fit weights ${show(w.shape)}`);
      }
      const height = Math.floor((x.shape[2] + top + bottom - w.shape[2]) / stride) + 1;
      const width = Math.floor((x.shape[3] + left + right - w.shape[3]) / stride) + 1;
      if (height < 1 || width < 1) refuse('conv2d', `picture ${show(x.shape)} is smaller than kernel ${show(w.shape)}`);
      return { shape: [x.shape[0], w.shape[0], height, width], dtype: 'float32' };
    },
    gradient: ({ inputs: [x, w, bias], attributes: { stride, padding } }, dy, g) => {
      const gradients = [inputGradient(g, x, w, dy, stride, padding), weightGradient(g, x, w, dy, stride, padding)];
      return bias ? [...gradients, g.sum(dy, [0, 2, 3])] : gradients;
    },
    onnx: (emit, inputs, { attributes: { stride, padding }, inputs: [, w] }) =>
      emit.op('Conv', inputs, { kernel_shape: w.shape.slice(2), strides: [stride, stride], pads: padding }),
  },

  resizeNearest: {
    type: ([x], { height, width }) => {
      floatLike('resizeNearest', x);
      if (x.shape.length !== 4) refuse('resizeNearest', `wants [B, C, H, W], not ${show(x.shape)}`);
      return { shape: [x.shape[0], x.shape[1], height, width], dtype: 'float32' };
    },
    // each source cell gets the sum of its copies: whole factors by a sum, others by R_h' dy R_w
    gradient: ({ inputs: [x], attributes: { height, width } }, dy, g) => {
      const [batch, channels, h, w] = x.shape;
      if (height % h === 0 && width % w === 0) {
        return [g.sum(g.reshape(dy, [batch, channels, h, height / h, w, width / w]), [3, 5])];
      }
      const rows = g.matmul(repeatMatrix(g, h, height), dy, { transposeA: true });
      return [g.matmul(rows, repeatMatrix(g, w, width))];
    },
    onnx: (emit, [x], { shape }) =>
      emit.op('Resize', [x, '', '', emit.int64s(shape)], {
        mode: 'nearest',
        coordinate_transformation_mode: 'asymmetric',
        nearest_mode: 'floor',
      }),
  },
};
