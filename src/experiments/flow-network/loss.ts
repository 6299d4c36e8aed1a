// The loss of the optical-flow network: the distance of every estimate to the true motion, later ones weighted more [Teed
// and Deng 2020, equation 7].

import { ops as g } from '../../lib/graph/ops.js';
import type { Node } from '../../lib/graph/types.js';
import { CELL, type FlowNetworkConfig, flowNetwork } from '../../lib/models/flow/flow-network.js';
import type { Scope } from '../../lib/models/networks/scope.js';

/** Weight of an estimate relative to the next one. */
const DISCOUNT = 0.8;

/**
 * The mean distance in pixels, per axis, as a graph with the inputs from and to [B, 3, H, W], flow [B, 2, H, W] in pixels,
 * and weights [B, 1, H, W], 0 where the motion is not known. The last estimate is judged at full size, the others in cells.
 */
export function flowLoss(scope: Scope, config: FlowNetworkConfig, [batch, height, width]: readonly number[]): Node {
  const picture = (name: string): Node => g.input(name, [batch, 3, height, width]);
  const truth = g.input('flow', [batch, 2, height, width]);
  const weights = g.input('weights', [batch, 1, height, width]);
  const { estimates, flow } = flowNetwork(scope, config, { from: picture('from'), to: picture('to') });
  const cellWeights = cells(weights);
  const cellTruth = g.divide(cells(g.multiply(truth, weights)), g.maximum(cellWeights, g.scalar(1e-6)));
  let loss = distance(flow, truth, weights);
  estimates.slice(0, -1).forEach((estimate, i) => {
    const inPixels = g.multiply(estimate, g.scalar(CELL));
    const share = DISCOUNT ** (estimates.length - 1 - i);
    loss = g.add(loss, g.multiply(distance(inPixels, cellTruth, cellWeights), g.scalar(share)));
  });
  return loss;
}

/** Means over cells. */
function cells(x: Node): Node {
  const [batch, channels, height, width] = x.shape;
  const split = g.reshape(x, [batch * channels, height / CELL, CELL, width / CELL, CELL]);
  return g.reshape(g.mean(split, [2, 4]), [batch, channels, height / CELL, width / CELL]);
}

function distance(a: Node, b: Node, weights: Node): Node {
  return g.mean(g.multiply(g.abs(g.subtract(a, b)), weights));
}
