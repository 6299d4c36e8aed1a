// The configuration of the optical-flow network that is trained.

import type { FlowNetworkConfig } from '../../lib/models/flow/flow-network.js';

/** A million weights; the package brings this network. */
export const FLOW_NETWORK: FlowNetworkConfig = {
  features: 64,
  hidden: 64,
  motion: 64,
  radius: 3,
  levels: 3,
  iterations: 6,
};

/**
 * Corrections in use, of those that were trained. From frame to frame the fifth and the sixth change nothing (an endpoint error
 * of 0.42 pixels on the bundled shots with four, five or six), and each is a ninth of the work.
 */
export const CORRECTIONS_IN_USE = 4;
