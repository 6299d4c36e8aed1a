// Sums, matrix products, softmax and attention.

import { sizeOf } from '../../../tensor/tensor.js';
import type { Emitter, Lowering, Step } from '../steps.js';
import { scaled } from './elementwise.js';

/** Scores of attention that exist at a time, about: 64 MB. */
const SCORES_AT_ONCE = 2 ** 24;

/** Multiplications from which matrices are multiplied separately in WebAssembly. */
const SEPARATE_FROM = 2 ** 15;

/** Splits heads: [B, T, H d] to [B H, T, d]. */
function splitHeads(emit: Emitter, x: Step, heads: number): Step {
  const [batch, tokens, width] = x.shape;
  const split = emit.op('reshape', [x], [batch, tokens, heads, width / heads]);
  return emit.op('reshape', [emit.op('transpose', [split], [0, 2, 1, 3])], [batch * heads, tokens, width / heads]);
}

/** The product of a [.., M, K] and b [.., K, N], either transposed. */
function product(emit: Emitter, [a, b]: readonly Step[], [transposeA, transposeB]: readonly boolean[]): Step {
  // One product over all leading axes.
  if (b.shape.length === 2 && a.shape.length > 2 && !transposeA) {
    const flat = emit.op('reshape', [a], [sizeOf(a.shape.slice(0, -1)), a.shape.at(-1)!]);
    const result = product(emit, [flat, b], [false, transposeB]);
    return emit.op('reshape', [result], [...a.shape.slice(0, -1), result.shape[1]]);
  }
  if (emit.backend === 'wasm') {
    return separateProducts(emit, transposeA ? exchanged(emit, a) : a, transposeB ? exchanged(emit, b) : b);
  }
  return emit.op('matMul', [a, b], transposeA, transposeB);
}

/** The last two axes exchanged. */
function exchanged(emit: Emitter, x: Step): Step {
  const last = x.shape.length - 1;
  const axes = x.shape.map((_, i) => i);
  return emit.op('transpose', [x], [...axes.slice(0, -2), last, last - 1]);
}

/**
 * A product matrix by matrix. WebAssembly has a fast kernel only for two matrices, neither transposed: measured, a tenth of the
 * time at 1024 x 40 x 1024, and more than half at 64 x 8 x 64.
 */
function separateProducts(emit: Emitter, a: Step, b: Step): Step {
  const [rows, inner, columns] = [...a.shape.slice(-2), b.shape.at(-1)!];
  const [countA, countB] = [a, b].map(({ shape }) => sizeOf(shape.slice(0, -2)));
  const count = Math.max(countA, countB);
  const whole = emit.op('matMul', [a, b], false, false);
  if (count === 1 || rows * inner * columns < SEPARATE_FROM) return whole;
  const part = (x: Step, i: number, sides: readonly number[]): Step => {
    const size = sizeOf(x.shape.slice(0, -2));
    if (size === 1) return emit.op('reshape', [x], sides);
    const stacked = emit.op('reshape', [x], [size, ...sides]);
    return emit.op('reshape', [emit.op('slice', [stacked], [i, 0, 0], [1, ...sides])], sides);
  };
  const products = Array.from({ length: count }, (_, i) =>
    emit.op('matMul', [part(a, i, [rows, inner]), part(b, i, [inner, columns])], false, false),
  );
  return emit.op('reshape', [emit.op('concat', products, 0)], whole.shape);
}

/** Leading axes as tfjs-core's kernels take them: equal, or those of one of both only. */
function matched(emit: Emitter, x: Step, leading: readonly number[]): Step {
  const own = x.shape.slice(0, -2);
  if (sizeOf(own) === 1 || `${own}` === `${leading}`) return x;
  const sides = x.shape.slice(-2);
  const filled = [...leading.slice(own.length).map(() => 1), ...own];
  return emit.op('broadcastTo', [emit.op('reshape', [x], [...filled, ...sides])], [...leading, ...sides]);
}

export const linear: { [O in 'sum' | 'matmul' | 'softmax' | 'attention']: Lowering<O> } = {
  sum: (emit, [x], { attributes: { axes, keepDims } }) => (axes.length === 0 ? x : emit.op('sum', [x], axes, keepDims)),
  matmul: (emit, [a, b], { shape, attributes: { transposeA, transposeB } }) => {
    const leading = shape.slice(0, -2);
    const pair = b.shape.length === 2 ? [a, b] : [matched(emit, a, leading), matched(emit, b, leading)];
    return emit.op('reshape', [product(emit, pair, [transposeA, transposeB])], shape);
  },
  softmax: (emit, inputs) => emit.op('softmax', inputs),
  attention: (emit, inputs, { shape, attributes: { heads } }) => {
    const [batch, tokens, width] = shape;
    const [q, k, v] = inputs.map((x) => splitHeads(emit, x, heads));
    const queries = scaled(emit, q, 1 / Math.sqrt(width / heads));
    const each = Math.max(1, Math.floor(SCORES_AT_ONCE / (tokens * k.shape[1])));
    const parts: Step[] = [];
    for (let from = 0; from < batch * heads; from += each) {
      const rows = Math.min(each, batch * heads - from);
      const part = (x: Step): Step =>
        rows === batch * heads ? x : emit.op('slice', [x], [from, 0, 0], [rows, ...x.shape.slice(1)]);
      const scores = emit.op('softmax', [product(emit, [part(queries), part(k)], [false, true])]);
      parts.push(product(emit, [scores, part(v)], [false, false]));
    }
    const mixed = parts.length === 1 ? parts[0] : emit.op('concat', parts, 0);
    const split = emit.op('reshape', [mixed], [batch, heads, tokens, width / heads]);
    return emit.op('reshape', [emit.op('transpose', [split], [0, 2, 1, 3])], shape);
  },
};
