// Primitives that work on each number by itself. Above each gradient stands the derivative that it multiplies.

import { broadcastShape, floatLike, refuse, unbroadcast } from '../shapes.js';
import type { Attributes, Emitter, Node, Op, Ops, Primitive } from '../types.js';

/** Primitives of one value. */
export type Unary =
  | 'negate'
  | 'abs'
  | 'sign'
  | 'heaviside'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'sin'
  | 'cos'
  | 'tanh'
  | 'erf'
  | 'sigmoid';
/** Primitives of two values. */
export type Binary = 'add' | 'subtract' | 'multiply' | 'divide' | 'maximum';

function unary<O extends Op>(
  op: O,
  onnx: Primitive<O>['onnx'],
  derivative: (x: Node, y: Node, g: Ops, attributes: Readonly<Attributes[O]>) => Node | null,
): Primitive<O> {
  return {
    type: ([x]) => floatLike(op, x),
    gradient: (node, dy, g) => {
      const factor = derivative(node.inputs[0], node, g, node.attributes);
      return [factor && g.multiply(dy, factor)];
    },
    onnx,
  };
}

const simple =
  (type: string) =>
  (emit: Parameters<Exclude<Primitive<Op>['onnx'], 'source'>>[0], inputs: readonly string[]): string =>
    emit.op(type, inputs);

/** 1 where a is greater than b, one of which is 0, else 0. */
function above(emit: Emitter, a: string | 0, b: string | 0): string {
  const value = (of: string | 0): string => of || emit.floats([0], []);
  return emit.op('Cast', [emit.op('Greater', [value(a), value(b)])], { to: emit.float });
}

/** Sine or cosine. Shaders need to be exact within one turn only, and the angles of timesteps are up to 1000. */
const periodic =
  (type: 'Sin' | 'Cos') =>
  (emit: Emitter, [x]: readonly string[]): string => {
    if (emit.target === 'cpu') return emit.op(type, [x]);
    const number = (value: number): string => emit.floats([value], []);
    const half = emit.op('Mul', [x, number(1 / (2 * Math.PI))]);
    const turns = emit.op('Floor', [emit.op('Add', [half, number(0.5)])]);
    // In two parts, the first of which has few digits: its multiples are exact.
    const rest = emit.op('Sub', [x, emit.op('Mul', [turns, number(TURN)])]);
    return emit.op(type, [emit.op('Sub', [rest, emit.op('Mul', [turns, number(2 * Math.PI - TURN)])])]);
  };

/** A whole turn with 9 digits after the point. */
const TURN = Math.floor(2 * Math.PI * 512) / 512;

function binary<O extends Binary>(
  op: O,
  type: string,
  gradient: (a: Node, b: Node, dy: Node, g: Ops) => [Node, Node],
): Primitive<O> {
  return {
    type: ([a, b]) => {
      floatLike(op, a);
      floatLike(op, b);
      return { shape: broadcastShape(op, a.shape, b.shape), dtype: 'float32' };
    },
    gradient: (node, dy, g) => {
      const [a, b] = node.inputs;
      const [da, db] = gradient(a, b, dy, g);
      return [unbroadcast(g, da, a.shape), unbroadcast(g, db, b.shape)];
    },
    onnx: simple(type),
  };
}

export const elementwise: { [O in Unary | Binary | 'gelu' | 'swish' | 'stopGradient' | 'toFloat']: Primitive<O> } = {
  // -1
  negate: unary('negate', simple('Neg'), (_x, _y, g) => g.scalar(-1)),
  // sign(x)
  abs: unary('abs', simple('Abs'), (x, _y, g) => g.sign(x)),
  // 0 almost everywhere
  sign: unary(
    'sign',
    (emit, [x]) =>
      emit.target === 'cpu' ? emit.op('Sign', [x]) : emit.op('Sub', [above(emit, x, 0), above(emit, 0, x)]),
    () => null,
  ),
  // 0 almost everywhere
  heaviside: unary(
    'heaviside',
    (emit, [x]) => above(emit, x, 0),
    () => null,
  ),
  // exp(x)
  exp: unary('exp', simple('Exp'), (_x, y) => y),
  // 1 / x
  log: unary('log', simple('Log'), (x, _y, g) => g.divide(g.scalar(1), x)),
  // 1 / (2 sqrt(x))
  sqrt: unary('sqrt', simple('Sqrt'), (_x, y, g) => g.divide(g.scalar(0.5), y)),
  // cos(x)
  sin: unary('sin', periodic('Sin'), (x, _y, g) => g.cos(x)),
  // -sin(x)
  cos: unary('cos', periodic('Cos'), (x, _y, g) => g.negate(g.sin(x))),
  // 1 - tanh(x)^2
  tanh: unary('tanh', simple('Tanh'), (_x, y, g) => g.subtract(g.scalar(1), g.multiply(y, y))),
  // 2 / sqrt(pi) exp(-x^2)
  erf: unary('erf', simple('Erf'), (x, _y, g) =>
    g.multiply(g.scalar(2 / Math.sqrt(Math.PI)), g.exp(g.negate(g.multiply(x, x)))),
  ),
  // y (1 - y)
  sigmoid: unary('sigmoid', simple('Sigmoid'), (_x, y, g) => g.multiply(y, g.subtract(g.scalar(1), y))),
  // Phi(x) + x phi(x) = (1 + erf(x / sqrt 2)) / 2 + x exp(-x^2 / 2) / sqrt(2 pi)
  gelu: unary(
    'gelu',
    (emit, [x]) => emit.op('Gelu', [x], {}, 'com.microsoft'),
    (x, _y, g) => {
      const phi = g.add(g.scalar(0.5), g.multiply(g.scalar(0.5), g.erf(g.multiply(g.scalar(Math.SQRT1_2), x))));
      const density = g.exp(g.multiply(g.scalar(-0.5), g.multiply(x, x)));
      return g.add(phi, g.multiply(g.scalar(1 / Math.sqrt(2 * Math.PI)), g.multiply(x, density)));
    },
  ),
  // s + beta y (1 - s) with s = sigmoid(beta x)
  swish: unary(
    'swish',
    (emit, [x], node) => emit.op('QuickGelu', [x], { alpha: { float: node.attributes.beta } }, 'com.microsoft'),
    (x, y, g, { beta }) => {
      const scaled = beta === 1 ? x : g.multiply(g.scalar(beta), x);
      const s = g.sigmoid(scaled);
      const rest = g.multiply(y, g.subtract(g.scalar(1), s));
      return g.add(s, beta === 1 ? rest : g.multiply(g.scalar(beta), rest));
    },
  ),
  // none by definition
  stopGradient: unary('stopGradient', simple('Identity'), () => null),
  // 1, 1
  add: binary('add', 'Add', (_a, _b, dy) => [dy, dy]),
  // 1, -1
  subtract: binary('subtract', 'Sub', (_a, _b, dy, g) => [dy, g.negate(dy)]),
  // b, a
  multiply: binary('multiply', 'Mul', (a, b, dy, g) => [g.multiply(dy, b), g.multiply(dy, a)]),
  // 1 / b, -a / b^2
  divide: binary('divide', 'Div', (a, b, dy, g) => {
    const da = g.divide(dy, b);
    return [da, g.negate(g.multiply(da, g.divide(a, b)))];
  }),
  // a > b, otherwise b
  maximum: binary('maximum', 'Max', (a, b, dy, g) => {
    const first = g.heaviside(g.subtract(a, b));
    return [g.multiply(dy, first), g.multiply(dy, g.subtract(g.scalar(1), first))];
  }),
  // integers have no gradient
  toFloat: {
    type: ([x]) => {
      if (x.dtype === 'float32') refuse('toFloat', 'its input is float32 already');
      return { shape: x.shape, dtype: 'float32' };
    },
    gradient: () => [null],
    onnx: (emit, [x]) => emit.op('Cast', [x], { to: emit.float }),
  },
};
