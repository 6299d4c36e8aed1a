// Splits the graph of a loss into segments that are computed one after another. Does not compile or run them.

import { ops as g } from '../../graph/ops.js';
import { topologicalOrder } from '../../graph/traverse.js';
import type { Node } from '../../graph/types.js';
import { sizeOf } from '../../tensor/tensor.js';

/** A value that one segment computes and later ones use. */
export interface Crossing {
  readonly name: string;
  /** Represents the value in the segments that use it. */
  readonly input: Node;
}

/** A part of a graph in its own nodes, with the values of earlier parts as inputs. */
export interface Segment {
  readonly uses: readonly Crossing[];
  /** Values that later segments use, with the nodes that compute them here. */
  readonly makes: readonly { readonly crossing: Crossing; readonly value: Node }[];
  /** The loss, in the last segment. */
  readonly loss: Node | null;
}

/**
 * Splits the graph of `loss` into about `count` segments in the order of its computation.
 *
 * Segments are about equal in the size of their values and weights; each cut is where the fewest numbers cross it. Values of
 * weights and constants alone never cross: each segment that uses them computes them.
 */
export function segmentsOf(loss: Node, count: number): Segment[] {
  const order = topologicalOrder([loss]);
  const varies = new Set<Node>();
  for (const node of order) {
    if (node.op === 'input' || node.inputs.some((input) => varies.has(input))) varies.add(node);
  }
  const crosses = (node: Node): boolean => varies.has(node) && node.op !== 'input';
  const cuts = chooseCuts(order, crosses, count);

  const segmentOf = new Map<Node, number>();
  order.forEach((node, i) => {
    if (crosses(node)) segmentOf.set(node, cuts.filter((cut) => cut <= i).length);
  });
  const crossings = new Map<Node, Crossing>();
  for (const node of order) {
    for (const input of node.inputs) {
      if (!crosses(input) || segmentOf.get(input) === segmentOf.get(node) || crossings.has(input)) continue;
      const name = `value ${crossings.size}`;
      crossings.set(input, { name, input: g.input(name, input.shape, input.dtype) });
    }
  }

  return Array.from({ length: cuts.length + 1 }, (_, segment) => {
    const uses = new Set<Crossing>();
    const copies = new Map<Node, Node>();
    for (const node of order) {
      if (segmentOf.get(node) !== segment) continue;
      const inputs = node.inputs.map((input) => {
        if (!crosses(input)) return input;
        if (segmentOf.get(input) === segment) return copies.get(input)!;
        const crossing = crossings.get(input)!;
        uses.add(crossing);
        return crossing.input;
      });
      copies.set(node, { ...node, inputs });
    }
    const makes = [...crossings]
      .filter(([node]) => segmentOf.get(node) === segment)
      .map(([node, crossing]) => ({ crossing, value: copies.get(node)! }));
    return { uses: [...uses], makes, loss: copies.get(loss) ?? null };
  });
}

/** Positions in the order before which the graph is cut. */
function chooseCuts(order: readonly Node[], crosses: (node: Node) => boolean, count: number): number[] {
  const lastUse = new Map<Node, number>();
  order.forEach((node, i) => {
    for (const input of node.inputs) lastUse.set(input, i);
  });
  // The number of values that cross before each position, and the number computed or read up to there.
  const change = new Float64Array(order.length + 2);
  const sizes = new Float64Array(order.length + 1);
  order.forEach((node, i) => {
    const size = sizeOf(node.shape);
    sizes[i + 1] = sizes[i] + size;
    if (!crosses(node)) return;
    change[i + 1] += size;
    change[(lastUse.get(node) ?? order.length) + 1] -= size;
  });
  const cuts: number[] = [];
  const total = sizes[order.length];
  let position = 0;
  let crossing = 0;
  for (let k = 1; k < count; k++) {
    const best = { cut: -1, crossing: Infinity };
    while (sizes[position] < (total * (k + 0.5)) / count && position < order.length) {
      crossing += change[position];
      if (sizes[position] >= (total * (k - 0.5)) / count && crossing > 0 && crossing < best.crossing) {
        Object.assign(best, { cut: position, crossing });
      }
      position++;
    }
    if (best.cut > 0) cuts.push(best.cut);
  }
  return cuts;
}
