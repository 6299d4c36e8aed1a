// Records per-frame quantities of a video while it is read, and computes its metrics from them at the end.

import type { Frame } from '../tensor/frame.js';
import type { Measurement, MetricName, MetricValue } from './measurement.js';
import { compareFrames, frameVariance, peakSignalNoiseRatio, secondDifference } from './pixels.js';
import { ssimGaussian } from './ssim.js';

/** The raw numbers of a video, one list per quantity; only a few numbers per frame are kept. */
export interface Ledger {
  readonly differences: number[];
  readonly secondDifferences: number[];
  readonly variances: number[];
  readonly warpingErrors: number[];
  readonly flowDifferences: number[];
  readonly edits: number[];
  readonly psnrs: number[];
  readonly ssims: MetricValue[];
}

/** An empty ledger. */
export function createLedger(): Ledger {
  return {
    differences: [],
    secondDifferences: [],
    variances: [],
    warpingErrors: [],
    flowDifferences: [],
    edits: [],
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

/** Records the difference of an output's frame from the source's. */
export function noteFidelity(ledger: Ledger, output: Frame, source: Frame): void {
  const { absolute, squared } = compareFrames(output, source);
  ledger.edits.push(absolute);
  ledger.psnrs.push(peakSignalNoiseRatio(squared));
  ledger.ssims.push(ssimGaussian(source, output));
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
    const variance = meanOf(variances);
    curves.warping_error_normalised = over(ledger.warpingErrors, variance === null ? null : variance / 255 ** 2);
    curves.tof = ledger.flowDifferences;
    if (source !== ledger) {
      curves.edit_strength = ledger.edits;
      curves.psnr = ledger.psnrs;
      curves.ssim_gaussian = ledger.ssims;
    }
  }
  const means = Object.fromEntries(Object.entries(curves).map(([name, curve]) => [name, meanOf(curve)]));
  return { means, curves };
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
