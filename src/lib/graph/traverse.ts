// The order of computation of a graph.

import type { Node } from './types.js';

/** Every node that the outputs need, inputs before their users; deterministic. */
export function topologicalOrder(outputs: readonly Node[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  // An explicit stack: gradient graphs are thousands of nodes deep.
  const stack: { node: Node; next: number }[] = [];
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    stack.push({ node, next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top.next < top.node.inputs.length) visit(top.node.inputs[top.next++]);
      else {
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/**
 * The graph in which each node is what `replace` makes of it.
 *
 * @param replace gets a node with its inputs replaced, and what it was before; returns it where it stays
 */
export function rewrite(
  results: Readonly<Record<string, Node>>,
  replace: (node: Node, original: Node) => Node,
): Readonly<Record<string, Node>> {
  const replaced = new Map<Node, Node>();
  for (const node of topologicalOrder(Object.values(results))) {
    const inputs = node.inputs.map((input) => replaced.get(input)!);
    const kept = inputs.every((input, i) => input === node.inputs[i]);
    replaced.set(node, replace(kept ? node : { ...node, inputs }, node));
  }
  return Object.fromEntries(Object.entries(results).map(([name, node]) => [name, replaced.get(node)!]));
}
