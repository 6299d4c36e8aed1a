// The motion between two frames by any of the estimators, in both directions.

import type { FLOWS } from '../../settings/table.js';
import type { Frame } from '../../tensor/frame.js';
import { DIS_PRESETS, type DisSettings, disFlow } from './dis/dis-flow.js';
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
    const settings = disSettings(a);
    return { there: disFlow(here, there, settings), back: disFlow(there, here, settings) };
  },
  async farneback(a, b) {
    const [here, there] = [toGray(a), toGray(b)];
    const [forward, backward] = await Promise.all([opticalFlow(here, there), opticalFlow(there, here)]);
    return { there: forward, back: backward };
  },
};

/** Pixels of the largest pictures in which single pixels are compared. */
const FINE_AREA = 256 * 256;

/**
 * OpenCV's medium preset compares pictures of half the size, which is meant for large ones. At full size, DIS is off by 0.9
 * to 1.0 pixels on the bundled shots instead of 1.2 to 1.4; two iterations of the refinement do as well as five.
 */
function disSettings({ width, height }: Frame): DisSettings {
  const { medium } = DIS_PRESETS;
  return width * height > FINE_AREA ? medium : { ...medium, finestScale: 0, refinementIterations: 2 };
}

/**
 * The flows between two frames of one size.
 *
 * @throws UsageError when the frames differ in size; FailureError when OpenCV fails
 */
export function estimateFlow(a: Frame, b: Frame, method: FlowMethod): Promise<FlowPair> {
  return ESTIMATORS[method](a, b);
}
