// Records per-frame quantities of a video while it is read, and computes its metrics from them at the end.

import type { Frame } from '../tensor/frame.js';
import { flowDifference } from './flow-difference.js';
import type { Measurement, MetricName, MetricValue } from './measurement.js';
import type { Moments, PairMotions } from './pair-motions.js';
import { absoluteByMask, compareFrames, frameVariance, peakSignalNoiseRatio, secondDifference } from './pixels.js';
import { ssimGaussian } from './ssim.js';
import { driftError, warpingError } from './warping-error.js';

/** The raw numbers of a video, one list per quantity; only a few numbers per frame are kept. */
export interface Ledger {
  readonly differences: number[];
  readonly secondDifferences: number[];
  readonly variances: number[];
  readonly warpingErrors: number[];
  readonly disErrors: MetricValue[];
  /** Errors between the first frame and each later one, along DIS. */
  readonly drifts: MetricValue[];
  /** The same two along the true motion, where it is known. */
  readonly truth: { readonly errors: number[]; readonly drifts: MetricValue[] } | undefined;
  readonly flowDifferences: number[];
  readonly edits: number[];
  /** The same inside and outside of a mask, if there is one; null where it has no pixel. */
  readonly masked: { readonly inside: MetricValue[]; readonly outside: MetricValue[] } | undefined;
  readonly psnrs: number[];
  readonly ssims: MetricValue[];
}

/** An empty ledger. */
export function createLedger({ knowsMotion = false, hasMask = false } = {}): Ledger {
  return {
    differences: [],
    secondDifferences: [],
    variances: [],
    warpingErrors: [],
    disErrors: [],
    drifts: [],
    truth: knowsMotion ? { errors: [], drifts: [] } : undefined,
    flowDifferences: [],
    edits: [],
    masked: hasMask ? { inside: [], outside: [] } : undefined,
    psnrs: [],
    ssims: [],
  };
}

/** Records the quantities of a frame, alone and with its up to two predecessors, the latest first. */
export function noteFrame(ledger: Ledger, frame: Frame, previous?: Frame, beforePrevious?: Frame): void {
  ledger.variances.push(frameVariance(frame));
  if (previous === undefined) return;
  ledger.differences.push(compareFrames(previous, frame).absolute);
  if (beforePrevious !== undefined) ledger.secondDifferences.push(secondDifference(beforePrevious, previous, frame));
}

/** Records the difference of an output's frame from the source's; `weights` are above 0 inside of the mask. */
export function noteFidelity(ledger: Ledger, output: Frame, source: Frame, weights?: Float32Array): void {
  const { absolute, squared } = compareFrames(output, source);
  ledger.edits.push(absolute);
  ledger.psnrs.push(peakSignalNoiseRatio(squared));
  ledger.ssims.push(ssimGaussian(source, output));
  if (!ledger.masked || !weights) return;
  const { inside, outside } = absoluteByMask(output, source, weights);
  ledger.masked.inside.push(inside);
  ledger.masked.outside.push(outside);
}

/** Records the errors of a pair along its motions, in the ledgers of all videos, the source's first. */
export function notePair(ledgers: readonly Ledger[], moments: Moments, motions: PairMotions): void {
  const { source, outputs, dis, drift, known } = motions;
  const [first, from, to] = [moments.first.frames, moments.from.frames, moments.to.frames];
  ledgers.forEach((ledger, v) => {
    ledger.warpingErrors.push(warpingError(from[v], to[v], source));
    ledger.flowDifferences.push(v === 0 ? 0 : flowDifference(source.flow, outputs[v - 1]));
    ledger.disErrors.push(dis ? warpingError(from[v], to[v], dis) : null);
    ledger.drifts.push(drift ? driftError(first[v], to[v], drift) : null);
    if (!ledger.truth || !known) return;
    ledger.truth.errors.push(warpingError(from[v], to[v], known.pair));
    ledger.truth.drifts.push(driftError(first[v], to[v], known.drift));
  });
}

/**
 * A video's metrics from its ledger.
 *
 * @param source the source's ledger. Without it, metrics that need a source are left out; if it is `ledger` itself, those
 *   that compare an output's frames with the source's
 */
export function closeLedger(ledger: Ledger, source?: Ledger): Measurement {
  const { differences, variances } = ledger;
  const deviations = variances.map(Math.sqrt);
  const curves: Partial<Record<MetricName, readonly MetricValue[]>> = { frame_difference: differences };
  if (source) curves.flicker_ratio = over(differences, meanOf(source.differences));
  curves.vbench_temporal_flickering = differences.map((difference) => (255 - difference) / 255);
  curves.second_difference = ledger.secondDifferences;
  curves.standard_deviation = deviations;
  if (source) {
    const sourceFlicker = quotient(meanOf(source.differences), meanOf(source.variances.map(Math.sqrt)));
    curves.contrast_normalised_flicker = over(over(differences, meanOf(deviations)), sourceFlicker);
    curves.warping_error = ledger.warpingErrors;
    const variance = quotient(meanOf(variances), 255 ** 2);
    curves.warping_error_normalised = over(ledger.warpingErrors, variance);
    curves.warping_error_dis = ledger.disErrors;
    curves.warping_error_dis_normalised = over(ledger.disErrors, variance);
    if (ledger.truth) {
      curves.warping_error_true = ledger.truth.errors;
      curves.warping_error_true_normalised = over(ledger.truth.errors, variance);
    }
    curves.long_range_drift = over(ledger.drifts, variance);
    if (ledger.truth) curves.long_range_drift_true = over(ledger.truth.drifts, variance);
    curves.tof = ledger.flowDifferences;
    if (source !== ledger) {
      curves.edit_strength = ledger.edits;
      if (ledger.masked) {
        curves.edit_strength_inside = ledger.masked.inside;
        curves.edit_strength_outside = ledger.masked.outside;
      }
      curves.psnr = ledger.psnrs;
      curves.ssim_gaussian = ledger.ssims;
    }
  }
  const means = Object.fromEntries(
    Object.entries(curves).map(([name, curve]) => [
      name,
      meanOf(/^(long_range|edit_strength_)/.test(name) ? seen(curve) : curve),
    ]),
  );
  return { means, curves };
}

/** The values of a curve that are defined: drift is judged while the first frame is in sight, masks where they have pixels. */
function seen(curve: readonly MetricValue[]): readonly MetricValue[] {
  return curve.filter((value) => value !== null);
}

/** Mean of a curve; null if it is empty or has undefined values. */
function meanOf(curve: readonly MetricValue[]): MetricValue {
  let sum = 0;
  for (const value of curve) {
    if (value === null) return null;
    sum += value;
  }
  return curve.length === 0 ? null : sum / curve.length;
}

function quotient(value: MetricValue, divisor: MetricValue): MetricValue {
  return value === null || divisor === null || divisor === 0 ? null : value / divisor;
}

function over(curve: readonly MetricValue[], divisor: MetricValue): MetricValue[] {
  return curve.map((value) => quotient(value, divisor));
}
