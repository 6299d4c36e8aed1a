// Sums, matrix products, softmax and attention.

import { sizeOf } from '../../tensor/tensor.js';
import { broadcastShape, floatLike, refuse, show, unbroadcast } from '../shapes.js';
import type { Emitter, Node, Ops, Primitive } from '../types.js';

/** Scores per head from which ONNX Runtime's flash kernel is faster on the CPU (measured at 1024 x 1024). */
const FUSED_ATTENTION_SCORES = 2 ** 20;

/** Scores that the gradient computes at a time, by which heads are grouped. 64 MB, several of which exist at once. */
const SCORES_AT_ONCE = 2 ** 24;

/** Splits heads: [B, T, H d] to [B, H, T, d]. */
function splitHeads(g: Ops, x: Node, heads: number): Node {
  const [batch, tokens, width] = x.shape;
  return g.transpose(g.reshape(x, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]);
}

/** Attention in separate products: the WebGPU provider's fused kernel was off by 13 % of the largest value. */
function separateAttention(emit: Emitter, inputs: readonly string[], node: Node<'attention'>): string {
  const [q, k] = node.inputs;
  const { heads } = node.attributes;
  const [batch, tokens, width] = q.shape;
  const each = width / heads;
  const split = (name: string, count: number, perm: readonly number[]): string =>
    emit.op('Transpose', [emit.op('Reshape', [name, emit.int64s([batch, count, heads, each])])], { perm });
  const scaled = emit.op('Mul', [inputs[0], emit.floats([1 / Math.sqrt(each)], [])]);
  const keys = split(inputs[1], k.shape[1], [0, 2, 3, 1]);
  const scores = emit.op('Softmax', [emit.op('MatMul', [split(scaled, tokens, [0, 2, 1, 3]), keys])], { axis: -1 });
  const mixed = emit.op('MatMul', [scores, split(inputs[2], k.shape[1], [0, 2, 1, 3])]);
  return emit.op('Reshape', [
    emit.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }),
    emit.int64s([batch, tokens, width]),
  ]);
}

/** Attention in its gradient, each value split into heads [B, H, T, d]: y is the result, dy its gradient. */
type AttentionHeads = Readonly<Record<'q' | 'k' | 'v' | 'y' | 'dy', Node>>;

/**
 * Gradients of q, k and v. With p = softmax(q k' / sqrt(d)) and y = p v: dv = p' dy; ds = p (dy v' - sum(dy y));
 * dq = ds k / sqrt(d); dk = ds' q / sqrt(d).
 */
function headsGradient(g: Ops, { q, k, v, y, dy }: AttentionHeads): Node[] {
  const scale = g.scalar(1 / Math.sqrt(q.shape[3]));
  const scaledQ = g.multiply(q, scale);
  const p = g.softmax(g.matmul(scaledQ, k, { transposeB: true }));
  const dv = g.matmul(p, dy, { transposeA: true });
  // sum(p (dy v')) over keys equals sum(dy y) over channels, which are far fewer (Dao et al. 2022).
  const along = g.sum(g.multiply(dy, y), [3], true);
  // One more column in the product costs less than another pass over the scores.
  const ones = g.broadcast(g.scalar(1), [...v.shape.slice(0, 3), 1]);
  const rest = g.matmul(g.concat([dy, g.negate(along)], 3), g.concat([v, ones], 3), { transposeB: true });
  const ds = g.multiply(p, rest);
  return [g.multiply(g.matmul(ds, k), scale), g.matmul(ds, scaledQ, { transposeA: true }), dv];
}

function mergeHeads(g: Ops, x: Node): Node {
  const [batch, heads, tokens, width] = x.shape;
  return g.reshape(g.transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * width]);
}

export const linear: {
  [O in 'sum' | 'matmul' | 'softmax' | 'attention']: Primitive<O>;
} = {
  sum: {
    type: ([x], { axes, keepDims }) => {
      floatLike('sum', x);
      for (const axis of axes) {
        if (axis < 0 || axis >= x.shape.length) refuse('sum', `axis ${axis} is not one of ${show(x.shape)}`);
      }
      const kept = x.shape.map((side, i) => (axes.includes(i) ? 1 : side));
      return { shape: keepDims ? kept : x.shape.filter((_, i) => !axes.includes(i)), dtype: 'float32' };
    },
    // dy repeated along the summed axes
    gradient: ({ inputs: [x], attributes: { axes } }, dy, g) => {
      const kept = x.shape.map((side, i) => (axes.includes(i) ? 1 : side));
      return [g.broadcast(g.reshape(dy, kept), x.shape)];
    },
    onnx: (emit, [x], { attributes: { axes, keepDims } }) =>
      emit.op('ReduceSum', [x, emit.int64s(axes)], { keepdims: keepDims ? 1 : 0 }),
  },

  matmul: {
    type: ([a, b], { transposeA, transposeB }) => {
      floatLike('matmul', a);
      floatLike('matmul', b);
      if (a.shape.length < 2 || b.shape.length < 2) {
        refuse('matmul', `wants matrices, not ${show(a.shape)} and ${show(b.shape)}`);
      }
      const [m, k] = transposeA ? [a.shape.at(-1)!, a.shape.at(-2)!] : [a.shape.at(-2)!, a.shape.at(-1)!];
      const [k2, n] = transposeB ? [b.shape.at(-1)!, b.shape.at(-2)!] : [b.shape.at(-2)!, b.shape.at(-1)!];
      if (k !== k2) refuse('matmul', `inner sides differ: ${show(a.shape)} and ${show(b.shape)}`);
      return {
        shape: [...broadcastShape('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n],
        dtype: 'float32',
      };
    },
    // C = A B: dA = dC B', dB = A' dC; with either transposed, the same with the sides exchanged
    gradient: ({ inputs: [a, b], attributes: { transposeA, transposeB } }, dy, g) => {
      const da = transposeA
        ? g.matmul(b, dy, { transposeA: transposeB, transposeB: true })
        : g.matmul(dy, b, { transposeB: !transposeB });
      if (!transposeA && b.shape.length === 2 && a.shape.length > 2) {
        // One product over all leading axes instead of one each and a sum.
        const flatA = g.reshape(a, [sizeOf(a.shape) / a.shape.at(-1)!, a.shape.at(-1)!]);
        const flatDy = g.reshape(dy, [sizeOf(dy.shape) / dy.shape.at(-1)!, dy.shape.at(-1)!]);
        const db = transposeB
          ? g.matmul(flatDy, flatA, { transposeA: true })
          : g.matmul(flatA, flatDy, { transposeA: true });
        return [unbroadcast(g, da, a.shape), db];
      }
      const db = transposeB
        ? g.matmul(dy, a, { transposeA: true, transposeB: transposeA })
        : g.matmul(a, dy, { transposeA: !transposeA });
      return [unbroadcast(g, da, a.shape), unbroadcast(g, db, b.shape)];
    },
    onnx: (emit, [a, b], { inputs: [left, right], attributes: { transposeA, transposeB } }) => {
      if (!transposeA && !transposeB) return emit.op('MatMul', [a, b]);
      if (emit.target === 'cpu') {
        const attributes = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
        return emit.op('FusedMatMul', [a, b], attributes, 'com.microsoft');
      }
      const flipped = (name: string, { shape }: Node): string => {
        const last = shape.length - 1;
        const perm = shape.map((_, i) => (i === last ? last - 1 : i === last - 1 ? last : i));
        return emit.op('Transpose', [name], { perm });
      };
      return emit.op('MatMul', [transposeA ? flipped(a, left) : a, transposeB ? flipped(b, right) : b]);
    },
  },

  softmax: {
    type: ([x]) => floatLike('softmax', x),
    // y (dy - sum(dy y))
    gradient: (node, dy, g) => {
      const product = g.multiply(dy, node);
      return [g.subtract(product, g.multiply(node, g.sum(product, [node.shape.length - 1], true)))];
    },
    onnx: (emit, inputs) => emit.op('Softmax', inputs, { axis: -1 }),
  },

  // softmax(q k' / sqrt(d)) v in each head (Vaswani et al. 2017)
  attention: {
    type: ([q, k, v], { heads }) => {
      for (const x of [q, k, v]) floatLike('attention', x);
      const [batch, , width] = q.shape;
      if (q.shape.length !== 3 || k.shape.length !== 3 || k.shape[0] !== batch || k.shape[2] !== width) {
        refuse('attention', `queries ${show(q.shape)} do not fit keys ${show(k.shape)}`);
      }
      if (show(k.shape) !== show(v.shape))
        refuse('attention', `keys ${show(k.shape)} and values ${show(v.shape)} differ`);
      if (width % heads !== 0) refuse('attention', `${width} channels do not split into ${heads} heads`);
      return { shape: q.shape, dtype: 'float32' };
    },
    gradient: (node, dy, g) => {
      const { heads } = node.attributes;
      const [q, k, v, y, dOut] = [...node.inputs, node, dy].map((x) => splitHeads(g, x, heads));
      const scores = (sizeOf(q.shape) / q.shape[3]) * k.shape[2];
      const each = Math.max(1, Math.floor(heads / Math.ceil(scores / SCORES_AT_ONCE)));
      const parts: Node[][] = [];
      for (let from = 0; from < heads; from += each) {
        const part = (x: Node): Node => {
          const [batch, , tokens, width] = x.shape;
          return g.slice(x, [0, from, 0, 0], [batch, Math.min(from + each, heads), tokens, width]);
        };
        parts.push(headsGradient(g, { q: part(q), k: part(k), v: part(v), y: part(y), dy: part(dOut) }));
      }
      return [0, 1, 2].map((i) => {
        const all = parts.map((part) => part[i]);
        return mergeHeads(g, all.length === 1 ? all[0] : g.concat(all, 1));
      });
    },
    onnx: (emit, inputs, node) => {
      if (emit.target === 'gpu') return separateAttention(emit, inputs, node);
      const [q, k] = node.inputs;
      const { heads } = node.attributes;
      // Many scores: the fused kernel that never holds all of them. Few: the kernel that needs no transposed copies.
      if (q.shape[1] * k.shape[1] >= FUSED_ATTENTION_SCORES) {
        return emit.op('MultiHeadAttention', inputs, { num_heads: heads }, 'com.microsoft');
      }
      return emit.op('Attention', inputs, { q_num_heads: heads, kv_num_heads: heads });
    },
  },
};
