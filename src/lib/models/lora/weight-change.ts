// Changes of a layer's weight as a whole: LoHa, and updates whose direction and magnitude are learned apart (DoRA).

import { ops as g } from '../../graph/ops.js';
import type { Node } from '../../graph/types.js';
import type { Scope, WeightChangeNodes } from '../networks/scope.js';

/** The layer's weight of this shape, with its changes added up; each is measured against the checkpoint's own weight. */
export function layerWeight(scope: Scope, shape: readonly number[]): Node {
  const weight = scope.weight('weight', shape);
  return scope.changes().reduce((sum, change) => g.add(sum, changeOf(weight, change)), weight);
}

/**
 * What is added to a weight W [O, I, ..]. With D = scale (the product of the pairs, element by element):
 * strength D (Hyeon-Woo et al. 2022, FedPara, called LoHa), or with magnitudes m, V = W + D and norms over all axes but
 * that of m: strength (m V / |V| - W) (Liu et al. 2024, DoRA).
 */
function changeOf(weight: Node, { pairs, scale, magnitude, strength }: WeightChangeNodes): Node {
  const { shape } = weight;
  const products = pairs.map(([left, right]) => {
    const [rank] = right.shape;
    const columns = shape.slice(1).reduce((product, side) => product * side, 1);
    return g.reshape(g.matmul(g.reshape(left, [shape[0], rank]), g.reshape(right, [rank, columns])), shape);
  });
  const product = products.reduce((a, b) => g.multiply(a, b));
  const update = scale === 1 ? product : g.multiply(product, g.scalar(scale));
  if (!magnitude) return strength === 1 ? update : g.multiply(update, g.scalar(strength));
  const moved = g.add(weight, update);
  const axes = shape.map((_, axis) => axis).filter((axis) => magnitude.shape[axis] === 1);
  const norm = g.sqrt(g.sum(g.multiply(moved, moved), axes, true));
  const difference = g.subtract(g.multiply(g.divide(moved, norm), magnitude), weight);
  return strength === 1 ? difference : g.multiply(difference, g.scalar(strength));
}
