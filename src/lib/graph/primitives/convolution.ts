// Convolution and nearest-neighbour resizing of pictures [B, C, H, W].

import { sizeOf } from '../../tensor/tensor.js';
import { floatLike, refuse, show } from '../shapes.js';
import type { Emitter, Node, Ops, Padding, Primitive } from '../types.js';
import { fold, type Geometry, unfold, unfoldingPays } from './unfold.js';

/** Ratio of weights to cells of dy above which scattering the products costs less than flipping the weights. */
const FEW_CELLS = 2;

/** Scattering works picture by picture, with products that are slow for pictures of fewer cells than this. */
const SMALL_PICTURE = 64;

const sidesOf = ({ shape }: Node): [number, number] => [shape[2], shape[3]];

/** A convolution in its gradient: the input x, the weights w, the gradient dy of the output. */
interface Convolution {
  readonly x: Node;
  readonly w: Node;
  readonly dy: Node;
  readonly stride: number;
  readonly padding: Padding;
}

const geometryOf = ({ x, w, dy, stride, padding }: Convolution): Geometry => ({
  from: sidesOf(x),
  to: sidesOf(dy),
  kernel: sidesOf(w),
  stride,
  padding,
});

/** dy [B, O, h, w] as a matrix [O, B h w]. */
function channelsFirst(g: Ops, dy: Node): Node {
  return g.reshape(g.transpose(dy, [1, 0, 2, 3]), [dy.shape[1], sizeOf(dy.shape) / dy.shape[1]]);
}

/** Gradient of a convolution's input: dy convolved with the flipped, transposed weights, or its products scattered. */
function inputGradient(g: Ops, convolution: Convolution): Node {
  const { x, w, dy, stride, padding } = convolution;
  const [batch, inputs, height, width] = x.shape;
  const [outputs, , kh, kw] = w.shape;
  const [top, left, bottom, right] = padding;
  const geometry = geometryOf(convolution);
  if (unfoldingPays(geometry, outputs) && sizeOf(geometry.to) < SMALL_PICTURE) {
    const flat = g.reshape(w, [outputs, inputs * kh * kw]);
    return fold(g, g.matmul(flat, channelsFirst(g, dy), { transposeA: true }), batch, geometry);
  }
  // The reach of the kernel beyond the padding on each side is the padding of the convolution.
  const sides: Padding = [kh - 1 - top, kw - 1 - left, kh - 1 - bottom, kw - 1 - right];
  const fewCells = kh * kw > 1 && outputs >= (FEW_CELLS * sizeOf(dy.shape)) / outputs;
  if (stride > 1 || fewCells || sides.some((side) => side < 0)) {
    return g.convTranspose2d(dy, w, { height, width, stride, padding });
  }
  return g.conv2d(dy, g.transpose(flippedTaps(g, w), [1, 0, 2, 3]), null, { padding: sides });
}

/**
 * The kernels rotated by 180 degrees: a product with an exchange matrix, which is much faster than a slice with steps of -1.
 */
function flippedTaps(g: Ops, w: Node): Node {
  const [outputs, inputs, kh, kw] = w.shape;
  const taps = kh * kw;
  if (taps === 1) return w;
  const data = Float32Array.from({ length: taps * taps }, (_, i) =>
    Number((i % taps) + Math.floor(i / taps) === taps - 1),
  );
  const exchange = g.constant({ dtype: 'float32', shape: [taps, taps], data });
  return g.reshape(g.matmul(g.reshape(w, [outputs * inputs, taps]), exchange), w.shape);
}

/**
 * Gradient of a convolution's weights: dy [O, B h w] times the unfolded input, or for each tap times the shifted input [B h
 * w, I].
 */
function weightGradient(g: Ops, convolution: Convolution): Node {
  const { x, w, dy, stride, padding } = convolution;
  const [batch, inputs] = x.shape;
  const [outputs, , kh, kw] = w.shape;
  const [, , height, width] = dy.shape;
  const [top, left, bottom, right] = padding;
  const cells = batch * height * width;
  const flatDy = channelsFirst(g, dy);
  const geometry = geometryOf(convolution);
  if (unfoldingPays(geometry, outputs)) {
    return g.reshape(g.matmul(flatDy, unfold(g, x, geometry), { transposeB: true }), w.shape);
  }
  // Channels last, so that shifted copies are made of long runs; channels first in dy, so that no product transposes.
  const padded = g.pad(g.transpose(x, [0, 2, 3, 1]), [0, top, left, 0], [0, bottom, right, 0]);
  const taps: Node[] = [];
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const ends = [batch, i + (height - 1) * stride + 1, j + (width - 1) * stride + 1, inputs];
      const shifted = g.slice(padded, [0, i, j, 0], ends, [1, stride, stride, 1]);
      taps.push(g.matmul(flatDy, g.reshape(shifted, [cells, inputs])));
    }
  }
  if (taps.length === 1) return g.reshape(taps[0], w.shape);
  return g.transpose(g.reshape(g.concat(taps, 1), [outputs, kh, kw, inputs]), [0, 3, 1, 2]);
}

/** A 0-1 matrix [to, from] that repeats rows as nearest-neighbour resizing does. */
function repeatMatrix(g: Ops, from: number, to: number): Node {
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) data[i * from + Math.floor((i * from) / to)] = 1;
  return g.constant({ dtype: 'float32', shape: [to, from], data });
}

/**
 * Whether the WebGPU provider of onnxruntime-node 1.30 computes a wrong convolution: where a kernel is as large as the
 * picture, it takes a matrix product, and looks at the padding before the picture only.
 */
function forgetsPadding(x: Node, w: Node, [top, left, bottom, right]: Padding): boolean {
  const isAsLarge = w.shape[2] === x.shape[2] && w.shape[3] === x.shape[3];
  return isAsLarge && top === 0 && left === 0 && (bottom > 0 || right > 0);
}

/** A picture with zeros below it and to its right; ONNX Runtime would put a Pad back into the convolution. */
function withZeros(emit: Emitter, picture: string, { shape }: Node, [, , bottom, right]: Padding): string {
  const [batch, channels, height, width] = shape;
  const zeros = (...sides: number[]): string =>
    emit.op('Expand', [emit.floats([0], [1]), emit.int64s([batch, channels, ...sides])]);
  const taller = bottom === 0 ? picture : emit.op('Concat', [picture, zeros(bottom, width)], { axis: 2 });
  return right === 0 ? taller : emit.op('Concat', [taller, zeros(height + bottom, right)], { axis: 3 });
}

export const convolution: { [O in 'conv2d' | 'convTranspose2d' | 'resizeNearest']: Primitive<O> } = {
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
      const convolution = { x, w, dy, stride, padding };
      const gradients = [inputGradient(g, convolution), weightGradient(g, convolution)];
      // Over each picture's cells first: that sum is also the gradient of anything added to every cell, such as the
      // timestep.
      return bias ? [...gradients, g.sum(g.sum(dy, [2, 3], true), [0, 2, 3])] : gradients;
    },
    onnx: (emit, [picture, ...more], { attributes: { stride, padding }, inputs: [x, w] }) => {
      const apart = emit.target === 'gpu' && forgetsPadding(x, w, padding);
      return emit.op('Conv', [apart ? withZeros(emit, picture, x, padding) : picture, ...more], {
        kernel_shape: w.shape.slice(2),
        strides: [stride, stride],
        pads: apart ? [0, 0, 0, 0] : padding,
      });
    },
  },

  // the adjoint of conv2d as a map of the picture
  convTranspose2d: {
    type: ([x, w], { stride, padding: [top, left, bottom, right], height, width }) => {
      floatLike('convTranspose2d', x);
      if (x.shape.length !== 4 || w.shape.length !== 4 || x.shape[1] !== w.shape[0]) {
        refuse('convTranspose2d', `picture ${show(x.shape)} does not fit weights ${show(w.shape)}`);
      }
      const rows = Math.floor((height + top + bottom - w.shape[2]) / stride) + 1;
      const columns = Math.floor((width + left + right - w.shape[3]) / stride) + 1;
      if (rows !== x.shape[2] || columns !== x.shape[3]) {
        refuse('convTranspose2d', `no convolution makes ${show(x.shape)} of ${height} by ${width} cells`);
      }
      return { shape: [x.shape[0], w.shape[1], height, width], dtype: 'float32' };
    },
    // dx = conv2d(dy, w); dw is the weight gradient of the convolution from dy to x
    gradient: ({ inputs: [x, w], attributes: { stride, padding } }, dy, g) => [
      g.conv2d(dy, w, null, { stride, padding }),
      weightGradient(g, { x: dy, w, dy: x, stride, padding }),
    ],
    onnx: (emit, inputs, { attributes: { stride, padding, height, width }, inputs: [x, w] }) => {
      const reached = (axis: number): number =>
        (x.shape[axis] - 1) * stride + w.shape[axis] - padding[axis - 2] - padding[axis];
      return emit.op('ConvTranspose', inputs, {
        kernel_shape: w.shape.slice(2),
        strides: [stride, stride],
        pads: padding,
        output_padding: [height - reached(2), width - reached(3)],
      });
    },
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
