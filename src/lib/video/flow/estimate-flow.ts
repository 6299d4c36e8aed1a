// The motion between two frames by any of the estimators, in both directions.

import type { FLOWS } from '../../settings/table.js';
import type { Frame } from '../../tensor/frame.js';
import { disFlow } from './dis/dis-flow.js';
import { type Flow, opticalFlow, toGray } from './flow.js';
import { networkFlow } from './network-flow.js';

/** An estimator of optical flow. */
export type FlowMethod = (typeof FLOWS)[number];

/** The flows from the first frame to the second and back. */
export interface FlowPair {
  readonly there: Flow;
  readonly back: Flow;
}

const ESTIMATORS: Readonly<Record<FlowMethod, (a: Frame, b: Frame) => Promise<FlowPair>>> = {
  network: networkFlow,
  async dis(a, b) {
    const [here, there] = [toGray(a), toGray(b)];
    return { there: disFlow(here, there), back: disFlow(there, here) };
  },
  async farneback(a, b) {
    const [here, there] = [toGray(a), toGray(b)];
    const [forward, backward] = await Promise.all([opticalFlow(here, there), opticalFlow(there, here)]);
    return { there: forward, back: backward };
  },
};

/**
 * The flows between two frames of one size.
 *
 * @throws UsageError when the frames differ in size; FailureError when OpenCV fails
 */
export function estimateFlow(a: Frame, b: Frame, method: FlowMethod): Promise<FlowPair> {
  return ESTIMATORS[method](a, b);
}
