// Primitives that move numbers, and those that look them up by index.

import { sizeOf } from '../../../tensor/tensor.js';
import type { Lowering } from '../steps.js';

type Shape = 'reshape' | 'transpose' | 'broadcast' | 'concat' | 'slice' | 'pad' | 'gatherRows' | 'scatterRows';

export const shape: { [O in Shape]: Lowering<O> } = {
  reshape: (emit, [x], node) => emit.op('reshape', [x], node.shape),
  transpose: (emit, [x], { attributes: { permutation } }) => emit.op('transpose', [x], permutation),
  broadcast: (emit, [x], node) => {
    const axes = node.shape.map((_, i) => x.shape[i - node.shape.length + x.shape.length] ?? 1);
    return emit.op('broadcastTo', [emit.op('reshape', [x], axes)], node.shape);
  },
  concat: (emit, inputs, { attributes: { axis } }) => emit.op('concat', inputs, axis),
  slice: (emit, [x], { shape: to, attributes: { starts, ends, steps } }) => {
    const reversed = steps.flatMap((step, i) => (step === -1 ? [i] : []));
    const turned = reversed.length > 0 ? emit.op('reverse', [x], reversed) : x;
    if (steps.every((step) => Math.abs(step) === 1)) return emit.op('slice', [turned], starts, to);
    return emit.op('stridedSlice', [turned], starts, ends, steps.map(Math.abs));
  },
  pad: (emit, [x], { attributes: { before, after } }) =>
    emit.op(
      'pad',
      [x],
      before.map((n, i) => [n, after[i]]),
    ),
  gatherRows: (emit, [table, indices]) => emit.op('gather', [table, indices], 0),
  scatterRows: (emit, [indices, values], node) => {
    const count = sizeOf(indices.shape);
    const places = emit.op('reshape', [indices], [count, 1]);
    return emit.op('scatterND', [places, emit.op('reshape', [values], [count, node.shape[1]])], node.shape);
  },
};
