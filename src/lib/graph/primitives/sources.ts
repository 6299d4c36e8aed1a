// Where values come from. How they reach the engine is the engine's matter, so there is no lowering here.

import type { Primitive } from '../types.js';

export const sources: { [O in 'input' | 'weight' | 'constant']: Primitive<O> } = {
  input: { type: (_, { shape, dtype }) => ({ shape, dtype }), gradient: () => [], onnx: 'source' },
  weight: { type: (_, { shape }) => ({ shape, dtype: 'float32' }), gradient: () => [], onnx: 'source' },
  constant: {
    type: (_, { value }) => ({ shape: value.shape, dtype: value.dtype }),
    gradient: () => [],
    onnx: 'source',
  },
};
