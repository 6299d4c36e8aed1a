// Reverse-mode differentiation: the gradient is more graph, built from the same primitives.

import { ops } from './ops.js';
import { primitives } from './primitives.js';
import { refuse, show } from './shapes.js';
import { topologicalOrder } from './traverse.js';
import type { Node, Op, Primitive } from './types.js';

/**
 * Gradients of a scalar `loss` with respect to each node of `wrt`, in that order, each of its node's shape.
 *
 * Only what lies between `wrt` and the loss is differentiated, so frozen parts cost nothing.
 * Being a graph itself, the result can be differentiated again.
 *
 * @throws UsageError when the loss is not a scalar or does not depend on one of `wrt`
 */
export function gradient(loss: Node, wrt: readonly Node[]): Node[] {
  if (loss.shape.length !== 0) refuse('gradient', `the loss must be a scalar, not ${show(loss.shape)}: take its mean`);
  const order = topologicalOrder([loss]);
  const wanted = new Set(wrt);
  const needed = new Set<Node>();
  for (const node of order) {
    if (wanted.has(node) || node.inputs.some((input) => needed.has(input))) needed.add(node);
  }
  const adjoint = new Map<Node, Node>([[loss, ops.scalar(1)]]);
  for (const node of order.reverse()) {
    const dy = adjoint.get(node);
    if (!dy || !needed.has(node) || node.inputs.length === 0) continue;
    const rule = primitives[node.op] as unknown as Primitive<Op>;
    const gradients = rule.gradient(node, dy, ops);
    node.inputs.forEach((input, i) => {
      const contribution = gradients[i];
      if (!contribution || !needed.has(input)) return;
      const sum = adjoint.get(input);
      adjoint.set(input, sum ? ops.add(sum, contribution) : contribution);
    });
  }
  return wrt.map((node) => {
    const result = adjoint.get(node);
    if (!result) {
      const name = node.op === 'weight' ? (node as Node<'weight'>).attributes.name : node.op;
      return refuse('gradient', `the loss does not depend on '${name}' ${show(node.shape)}`);
    }
    return result;
  });
}
