// Reverse-mode differentiation: the gradient is a graph of the same primitives.

import { ops } from './ops.js';
import { primitives } from './primitives.js';
import { refuse, show } from './shapes.js';
import { topologicalOrder } from './traverse.js';
import type { Node, Op, Primitive } from './types.js';

/**
 * Gradients of a scalar `loss` with respect to each node of `wrt`, in order, with the shape of the node.
 *
 * Only nodes between `wrt` and the loss are differentiated, so frozen parts cost nothing. The result is a graph and can be
 * differentiated again.
 *
 * @throws UsageError when the loss is not a scalar or does not depend on one of `wrt`
 */
export function gradient(loss: Node, wrt: readonly Node[]): Node[] {
  if (loss.shape.length !== 0) refuse('gradient', `the loss must be a scalar, not ${show(loss.shape)}: take its mean`);
  return pullback(new Map([[loss, ops.scalar(1)]]), wrt).map((result, i) => {
    if (result) return result;
    const node = wrt[i];
    const name = node.op === 'weight' ? (node as Node<'weight'>).attributes.name : node.op;
    return refuse('gradient', `the loss does not depend on '${name}' ${show(node.shape)}`);
  });
}

/**
 * Gradients from the gradients of some later values: `seeds` maps each of these to the gradient with respect to it. Null
 * where none flows.
 */
export function pullback(seeds: ReadonlyMap<Node, Node>, wrt: readonly Node[]): (Node | null)[] {
  const order = topologicalOrder([...seeds.keys()]);
  const wanted = new Set(wrt);
  const needed = new Set<Node>();
  for (const node of order) {
    if (wanted.has(node) || node.inputs.some((input) => needed.has(input))) needed.add(node);
  }
  const adjoint = new Map(seeds);
  for (const node of order.reverse()) {
    const dy = adjoint.get(node);
    if (!dy || !needed.has(node) || node.inputs.length === 0) continue;
    const rule = primitives[node.op] as unknown as Primitive<Op>;
    const gradients = rule.gradient(node, dy, ops);
    node.inputs.forEach((input, i) => {
      const contribution = gradients[i];
      if (!contribution || !needed.has(input)) return;
      const sum = adjoint.get(input);
      adjoint.set(input, sum ? together(sum, contribution) : contribution);
    });
  }
  return wrt.map((node) => adjoint.get(node) ?? null);
}

/** a + b. Zero-padded halves of one value, such as the gradients of its slices, are concatenated instead. */
function together(a: Node, b: Node): Node {
  if (a.op !== 'pad' || b.op !== 'pad') return ops.add(a, b);
  const [first, second] = (a as Node<'pad'>).attributes.before.every((n) => n === 0) ? [a, b] : [b, a];
  const { before, after } = (first as Node<'pad'>).attributes;
  const other = (second as Node<'pad'>).attributes;
  const axis = after.findIndex((n) => n > 0);
  const [{ shape }] = first.inputs;
  const halves =
    before.every((n) => n === 0) &&
    other.after.every((n) => n === 0) &&
    after.every((n, i) => i === axis || (n === 0 && other.before[i] === 0)) &&
    other.before[axis] === shape[axis];
  return halves ? ops.concat([first.inputs[0], second.inputs[0]], axis) : ops.add(a, b);
}
