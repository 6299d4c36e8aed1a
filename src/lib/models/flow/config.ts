// The configuration of an optical-flow network as stored beside its weights.

import type { FlowNetworkConfig } from './flow-network.js';

/** The configuration of the network that the package brings. */
export const FLOW_NETWORK: FlowNetworkConfig = {
  features: 64,
  hidden: 64,
  motion: 64,
  radius: 3,
  levels: 3,
  iterations: 6,
};
