// Convolution and resizing of pictures. Our graphs have channels first, and the kernels of TensorFlow.js channels last.

import type { Padding } from '../../../graph/types.js';
import type { Emitter, Lowering, Step } from '../steps.js';

const toLast = (emit: Emitter, x: Step): Step => emit.op('transpose', [x], [0, 2, 3, 1]);
const toFirst = (emit: Emitter, x: Step): Step => emit.op('transpose', [x], [0, 3, 1, 2]);

/** Kernels [O, I, kh, kw] as [kh, kw, I, O]. */
const kernels = (emit: Emitter, w: Step): Step => emit.op('transpose', [w], [2, 3, 1, 0]);

function padded(emit: Emitter, x: Step, [top, left, bottom, right]: Padding): Step {
  if (top + left + bottom + right === 0) return x;
  return emit.op(
    'pad',
    [x],
    [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ],
  );
}

/** Cells of x along an axis as nearest-neighbour resizing repeats them. */
function repeated(emit: Emitter, x: Step, axis: number, to: number): Step {
  const from = x.shape[axis];
  if (from === to) return x;
  const cells = Array.from({ length: to }, (_, i) => Math.floor((i * from) / to));
  return emit.op('gather', [x, emit.int32s(cells, [to])], axis);
}

export const convolution: { [O in 'conv2d' | 'convTranspose2d' | 'resizeNearest']: Lowering<O> } = {
  conv2d: (emit, [x, w, bias], { attributes: { stride, padding } }) => {
    const result = emit.op('conv2d', [padded(emit, toLast(emit, x), padding), kernels(emit, w)], stride, 'valid');
    return toFirst(emit, bias ? emit.op('add', [result, bias]) : result);
  },
  // The adjoint of a convolution of the padded picture, without the padding.
  convTranspose2d: (emit, [x, w], { attributes: { stride, padding, height, width } }) => {
    const [top, left, bottom, right] = padding;
    const whole = [x.shape[0], top + height + bottom, left + width + right, w.shape[1]];
    const result = emit.op('conv2dTranspose', [toLast(emit, x), kernels(emit, w)], whole, stride, 'valid');
    const part = emit.op('slice', [result], [0, top, left, 0], [x.shape[0], height, width, w.shape[1]]);
    return toFirst(emit, part);
  },
  resizeNearest: (emit, [x], { attributes: { height, width } }) => {
    const cells = toLast(emit, x);
    // Channels last already: no transposition.
    if (cells.id === x.inputs[0]?.id) return toFirst(emit, repeated(emit, repeated(emit, cells, 1, height), 2, width));
    return repeated(emit, repeated(emit, x, 2, height), 3, width);
  },
};
