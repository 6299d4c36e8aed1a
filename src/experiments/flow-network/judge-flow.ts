// Endpoint errors of estimators of optical flow against the true motion of drives that no training sees.

import { mean } from '../../lib/base/mean.js';
import { FLOWS } from '../../lib/settings/table.js';
import { estimateFlow, type FlowMethod } from '../../lib/video/flow/estimate-flow.js';
import { HELD_OUT_SHOTS, shotMotion, shotPicture } from '../../lib/world/held-out-shots.js';
import { type MovingPair, streetPair } from '../../lib/world/sampling/moving-pair.js';

/** What an estimator does on a set of pairs. */
export interface FlowJudgement {
  readonly set: string;
  readonly method: FlowMethod;
  /** Means over all points that are seen in both pictures, in pixels. */
  readonly motion: number;
  readonly endpointError: number;
  /** Share of the points that are off by more than a pixel. */
  readonly offByAPixel: number;
  /** CPU seconds a pair, both directions. */
  readonly seconds: number;
}

/** Frames between the pictures of the sets. */
const GAPS = [1, 2, 4];

/** Sets of pairs by name: drives that no training sees, and the bundled shots, at several distances in time. */
export function judgedPairs(count: number, seed = 0): Readonly<Record<string, () => MovingPair[]>> {
  const sets: Record<string, () => MovingPair[]> = {};
  for (const gap of GAPS) {
    sets[`held-out drives, ${gap} frame(s) apart`] = () =>
      Array.from({ length: count }, (_, i) => streetPair(seed, i, { heldOut: true, gap }));
  }
  for (const shot of HELD_OUT_SHOTS) {
    for (const gap of [1, 4]) {
      sets[`${shot.name}, ${gap} frame(s) apart`] = () =>
        Array.from({ length: Math.ceil(count / 3) }, (_, i): MovingPair => {
          const at = Math.floor((i * (shot.frames - gap)) / Math.ceil(count / 3));
          const [from, to] = [at, at + gap].map((index) => ({ index, frame: shotPicture(shot, index) }));
          const { flow, visible } = shotMotion(shot)(from, to);
          return { from: from.frame, to: to.frame, flow: flow.data, visible };
        });
    }
  }
  return sets;
}

/** Judges an estimator on pairs. */
export async function judgeEstimator(
  set: string,
  pairs: readonly MovingPair[],
  method: FlowMethod,
): Promise<FlowJudgement> {
  // The first use starts OpenCV or compiles the network.
  await estimateFlow(pairs[0].from, pairs[0].to, method);
  let [motion, error, off, count, micros] = [0, 0, 0, 0, 0];
  for (const pair of pairs) {
    const before = process.cpuUsage();
    const { there } = await estimateFlow(pair.from, pair.to, method);
    const { user, system } = process.cpuUsage(before);
    micros += user + system;
    for (const distance of endpointErrors(there.data, pair)) {
      error += distance;
      if (distance > 1) off++;
      count++;
    }
    // The length of the motion is the error of no motion.
    for (const length of endpointErrors(new Float32Array(pair.flow.length), pair)) motion += length;
  }
  return {
    ...{ set, method },
    motion: motion / count,
    endpointError: error / count,
    offByAPixel: off / count,
    seconds: micros / 1e6 / pairs.length,
  };
}

/** Judges all estimators on all sets. */
export async function judgeAllEstimators(count: number): Promise<FlowJudgement[]> {
  const results: FlowJudgement[] = [];
  for (const [set, make] of Object.entries(judgedPairs(count))) {
    const pairs = make();
    for (const method of FLOWS) results.push(await judgeEstimator(set, pairs, method));
  }
  return results;
}

/** The judgements as a table in Markdown. */
export function formatJudgements(judgements: readonly FlowJudgement[]): string {
  const rows = judgements.map(({ set, method, motion, endpointError, offByAPixel, seconds }) => [
    set,
    method,
    motion.toFixed(2),
    endpointError.toFixed(2),
    `${(100 * offByAPixel).toFixed(0)} %`,
    seconds.toFixed(3),
  ]);
  const head = ['pairs', 'estimator', 'motion', 'endpoint error', 'off by more than 1', 'CPU s'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Mean endpoint error in pixels of a flow (H x W x 2) over the points of a pair that are seen in both pictures. */
export function endpointError(flow: Float32Array, pair: MovingPair): number {
  return mean(endpointErrors(flow, pair));
}

/** The distances in pixels from the true places of these points. */
function endpointErrors(flow: Float32Array, { flow: truth, visible }: MovingPair): number[] {
  const errors: number[] = [];
  visible.forEach((seen, p) => {
    if (seen) errors.push(Math.hypot(flow[2 * p] - truth[2 * p], flow[2 * p + 1] - truth[2 * p + 1]));
  });
  return errors;
}
