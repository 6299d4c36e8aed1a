// Sums, matrix products, softmax and attention.

import { sizeOf } from '../../../tensor/tensor.js';
import type { Emitter, Lowering, Step } from '../steps.js';
import { scaled } from './elementwise.js';

/** Scores of attention that exist at a time, about: 64 MB. */
const SCORES_AT_ONCE = 2 ** 24;

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
  return emit.op('matMul', [a, b], transposeA, transposeB);
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
      const scores = emit.op('softmax', [emit.op('matMul', [part(queries), part(k)], false, true)]);
      parts.push(emit.op('matMul', [scores, part(v)], false, false));
    }
    const mixed = parts.length === 1 ? parts[0] : emit.op('concat', parts, 0);
    const split = emit.op('reshape', [mixed], [batch, heads, tokens, width / heads]);
    return emit.op('reshape', [emit.op('transpose', [split], [0, 2, 1, 3])], shape);
  },
};
