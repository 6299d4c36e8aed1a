// Primitives that move numbers and do not change them, and those that look them up by index.

import { sizeOf } from '../../tensor/tensor.js';
import { broadcastShape, floatLike, refuse, sameShape, show, unbroadcast } from '../shapes.js';
import type { Primitive } from '../types.js';

type Shape = 'reshape' | 'transpose' | 'broadcast' | 'concat' | 'slice' | 'pad' | 'gatherRows' | 'scatterRows';

export const shape: { [O in Shape]: Primitive<O> } = {
  reshape: {
    type: ([x], attributes) => {
      if (sizeOf(x.shape) !== sizeOf(attributes.shape)) {
        refuse('reshape', `${show(x.shape)} holds ${sizeOf(x.shape)} elements, ${show(attributes.shape)} does not`);
      }
      return { shape: attributes.shape, dtype: x.dtype };
    },
    gradient: ({ inputs: [x] }, dy, g) => [g.reshape(dy, x.shape)],
    onnx: (emit, [x], node) => emit.op('Reshape', [x, emit.int64s(node.shape)]),
  },

  transpose: {
    type: ([x], { permutation }) => {
      const sorted = [...permutation].sort((a, b) => a - b);
      if (
        !sameShape(
          sorted,
          x.shape.map((_, i) => i),
        )
      ) {
        refuse('transpose', `${show(permutation)} does not permute the axes of ${show(x.shape)}`);
      }
      return { shape: permutation.map((axis) => x.shape[axis]), dtype: x.dtype };
    },
    // the inverse permutation
    gradient: ({ attributes: { permutation } }, dy, g) => {
      const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
      return [g.transpose(dy, inverse)];
    },
    onnx: (emit, [x], { attributes: { permutation } }) => emit.op('Transpose', [x], { perm: permutation }),
  },

  broadcast: {
    type: ([x], attributes) => {
      if (!sameShape(broadcastShape('broadcast', x.shape, attributes.shape), attributes.shape)) {
        refuse('broadcast', `${show(x.shape)} does not repeat up to ${show(attributes.shape)}`);
      }
      return { shape: attributes.shape, dtype: x.dtype };
    },
    gradient: ({ inputs: [x] }, dy, g) => [unbroadcast(g, dy, x.shape)],
    onnx: (emit, [x], node) => emit.op('Expand', [x, emit.int64s(node.shape)]),
  },

  concat: {
    type: (parts, { axis }) => {
      const [first] = parts;
      for (const part of parts) {
        if (part.shape.length !== first.shape.length || part.shape.some((s, i) => i !== axis && s !== first.shape[i])) {
          refuse('concat', `${show(first.shape)} and ${show(part.shape)} differ on another axis than ${axis}`);
        }
      }
      const total = parts.reduce((sum, part) => sum + part.shape[axis], 0);
      return { shape: first.shape.map((side, i) => (i === axis ? total : side)), dtype: first.dtype };
    },
    // each part's own slice of dy
    gradient: ({ inputs, attributes: { axis } }, dy, g) => {
      let offset = 0;
      return inputs.map((part) => {
        const starts = part.shape.map((_, i) => (i === axis ? offset : 0));
        offset += part.shape[axis];
        return g.slice(
          dy,
          starts,
          part.shape.map((side, i) => starts[i] + side),
        );
      });
    },
    onnx: (emit, inputs, { attributes: { axis } }) => emit.op('Concat', inputs, { axis }),
  },

  slice: {
    type: ([x], { starts, ends, steps }) => {
      const sides = x.shape.map((side, i) => {
        if (steps[i] === -1) {
          if (starts[i] !== 0 || ends[i] !== side) refuse('slice', `a step of -1 reverses a whole axis (axis ${i})`);
          return side;
        }
        if (starts[i] < 0 || ends[i] > side || starts[i] >= ends[i] || steps[i] < 1) {
          refuse('slice', `${starts[i]}:${ends[i]}:${steps[i]} is not within axis ${i} of ${show(x.shape)}`);
        }
        return Math.ceil((ends[i] - starts[i]) / steps[i]);
      });
      return { shape: sides, dtype: x.dtype };
    },
    // dy put back where it came from: spread by the step, reversed where reversed, zeros elsewhere
    gradient: ({ inputs: [x], shape: to, attributes: { starts, steps } }, dy, g) => {
      let spread = dy;
      steps.forEach((step, i) => {
        if (step === -1) spread = g.flip(spread, [i]);
        if (step <= 1) return;
        const sides = spread.shape;
        const split = [...sides.slice(0, i + 1), 1, ...sides.slice(i + 1)];
        const zeros = split.map(() => 0);
        const gaps = split.map((_, axis) => (axis === i + 1 ? step - 1 : 0));
        const widened = g.pad(g.reshape(spread, split), zeros, gaps);
        const length = (to[i] - 1) * step + 1;
        const joined = g.reshape(
          widened,
          sides.map((side, axis) => (axis === i ? side * step : side)),
        );
        spread = g.slice(
          joined,
          joined.shape.map(() => 0),
          joined.shape.map((s, axis) => (axis === i ? length : s)),
        );
      });
      const before = starts.map((start, i) => (steps[i] === -1 ? 0 : start));
      return [
        g.pad(
          spread,
          before,
          x.shape.map((side, i) => side - before[i] - spread.shape[i]),
        ),
      ];
    },
    onnx: (emit, [x], { inputs, attributes: { starts, ends, steps } }) => {
      const sides = inputs[0].shape;
      const axes = sides.map((_, i) => i).filter((i) => starts[i] !== 0 || ends[i] !== sides[i] || steps[i] !== 1);
      if (axes.length === 0) return emit.op('Identity', [x]);
      const from = axes.map((i) => (steps[i] === -1 ? sides[i] - 1 : starts[i]));
      const to = axes.map((i) => (steps[i] === -1 ? Number.MIN_SAFE_INTEGER : ends[i]));
      return emit.op('Slice', [
        x,
        emit.int64s(from),
        emit.int64s(to),
        emit.int64s(axes),
        emit.int64s(axes.map((i) => steps[i])),
      ]);
    },
  },

  pad: {
    type: ([x], { before, after }) => {
      if (before.length !== x.shape.length || [...before, ...after].some((n) => n < 0)) {
        refuse('pad', `${show(before)} and ${show(after)} do not pad ${show(x.shape)}`);
      }
      return { shape: x.shape.map((side, i) => before[i] + side + after[i]), dtype: x.dtype };
    },
    // the part that is not padding
    gradient: ({ inputs: [x], attributes: { before } }, dy, g) => [
      g.slice(
        dy,
        before,
        x.shape.map((side, i) => before[i] + side),
      ),
    ],
    onnx: (emit, [x], { attributes: { before, after } }) => emit.op('Pad', [x, emit.int64s([...before, ...after])]),
  },

  gatherRows: {
    type: ([table, indices]) => {
      if (table.shape.length !== 2) refuse('gatherRows', `wants a table [V, D], not ${show(table.shape)}`);
      if (indices.dtype === 'float32') refuse('gatherRows', 'indices must be integers');
      return { shape: [...indices.shape, table.shape[1]], dtype: table.dtype };
    },
    // the rows' gradients added up in a table of zeros
    gradient: ({ inputs: [table, indices] }, dy, g) => [g.scatterRows(indices, dy, table.shape[0]), null],
    onnx: (emit, inputs) => emit.op('Gather', inputs, { axis: 0 }),
  },

  scatterRows: {
    type: ([indices, values], { rows }) => {
      floatLike('scatterRows', values);
      if (!sameShape(indices.shape, values.shape.slice(0, -1))) {
        refuse('scatterRows', `values ${show(values.shape)} do not fit indices ${show(indices.shape)}`);
      }
      return { shape: [rows, values.shape.at(-1)!], dtype: 'float32' };
    },
    gradient: ({ inputs: [indices] }, dy, g) => [null, g.gatherRows(dy, indices)],
    onnx: (emit, [indices, values], node) => {
      const [rows, width] = node.shape;
      const zeros = emit.op('Expand', [emit.floats([0], [1, 1]), emit.int64s([rows, width])]);
      const flat = emit.op('Reshape', [emit.op('Cast', [indices], { to: 7 }), emit.int64s([-1, 1])]);
      const flatValues = emit.op('Reshape', [values, emit.int64s([-1, width])]);
      return emit.op('ScatterND', [zeros, flat, flatValues], { reduction: 'add' });
    },
  },
};
