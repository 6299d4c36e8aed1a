// Which values of a graph stay float32 where the arithmetic is in 16 bits.

import { topologicalOrder } from '../../graph/traverse.js';
import type { Node } from '../../graph/types.js';

/**
 * Angles, and what they are computed from: the angles of timesteps are up to 1000, of which 16 bits leave no turn.
 *
 * @param outputs the results of the graph
 */
export function wideValues(outputs: readonly Node[]): ReadonlySet<Node> {
  const wide = new Set<Node>();
  for (const node of topologicalOrder(outputs).reverse()) {
    if (node.op !== 'sin' && node.op !== 'cos' && !wide.has(node)) continue;
    for (const each of [node, ...node.inputs]) wide.add(each);
  }
  return wide;
}
