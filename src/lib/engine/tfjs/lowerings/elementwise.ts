// Primitives that work on each number by itself.

import type { Binary, Unary } from '../../../graph/primitives/elementwise.js';
import type { Kernel } from '../api.js';
import type { Emitter, Lowering, Step } from '../steps.js';

const simple =
  (kernel: Kernel) =>
  (emit: Emitter, inputs: readonly Step[]): Step =>
    emit.op(kernel, inputs);

/** x times a number. */
export function scaled(emit: Emitter, x: Step, factor: number): Step {
  return factor === 1 ? x : emit.op('mul', [x, emit.floats([factor], [])]);
}

export const elementwise: { [O in Unary | Binary | 'gelu' | 'swish' | 'stopGradient' | 'toFloat']: Lowering<O> } = {
  negate: simple('neg'),
  abs: simple('abs'),
  sign: simple('sign'),
  heaviside: simple('step'),
  exp: simple('exp'),
  log: simple('log'),
  sqrt: simple('sqrt'),
  sin: simple('sin'),
  cos: simple('cos'),
  tanh: simple('tanh'),
  erf: simple('erf'),
  sigmoid: simple('sigmoid'),
  // x (1 + erf(x / sqrt 2)) / 2
  gelu: (emit, [x]) => {
    const phi = emit.op('add', [emit.op('erf', [scaled(emit, x, Math.SQRT1_2)]), emit.floats([1], [])]);
    return emit.op('mul', [scaled(emit, x, 0.5), phi]);
  },
  // x sigmoid(beta x)
  swish: (emit, [x], { attributes: { beta } }) => emit.op('mul', [x, emit.op('sigmoid', [scaled(emit, x, beta)])]),
  stopGradient: (_, [x]) => x,
  add: simple('add'),
  subtract: simple('sub'),
  multiply: simple('mul'),
  divide: simple('div'),
  // WebAssembly's kernel takes equal shapes only.
  maximum: (emit, inputs, { shape }) =>
    emit.op(
      'maximum',
      inputs.map((x) => (`${x.shape}` === `${shape}` ? x : emit.op('broadcastTo', [x], shape))),
    ),
  toFloat: (emit, [x]) => emit.op('cast', [x], 'float32'),
};
