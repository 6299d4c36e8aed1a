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
