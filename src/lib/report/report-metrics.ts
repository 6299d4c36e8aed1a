// A table of the library's metrics as reports describe them: column headings, groups and explanations.

import type { MetricName } from '../metrics/measurement.js';
import type { ReportArm, ReportMetric } from './report-data.js';

const EDIT = 'Edit';
const STEADY = 'Steadiness';
const FIDELITY = 'Likeness to the source';

/** The description of each metric of `measure`. */
export const REPORT_METRICS: Readonly<Record<MetricName, ReportMetric>> = {
  edit_strength: {
    title: 'edit strength',
    unit: '0..255',
    group: EDIT,
    explanation:
      'Mean absolute difference to the source. How much was changed at all: 0 for “no edit”. It says nothing about whether the change was the one asked for.',
  },
  edit_strength_inside: {
    title: 'edit inside the mask',
    unit: '0..255',
    group: EDIT,
    explanation: 'The same over the pixels that are edited, where a mask leaves out others.',
  },
  edit_strength_outside: {
    title: 'edit outside the mask',
    unit: '0..255',
    group: EDIT,
    explanation: 'The same over the other pixels: 0, because they are the source’s.',
  },
  standard_deviation: {
    title: 'contrast',
    unit: '0..255',
    group: EDIT,
    explanation:
      'Standard deviation over the pixels and channels of a frame. A vivid style raises it, and with it every raw difference.',
  },
  frame_difference: {
    title: 'frame difference',
    unit: '0..255',
    group: STEADY,
    frames: 2,
    explanation: 'Mean absolute difference between a frame and the next: motion and flicker together.',
  },
  flicker_ratio: {
    title: 'difference / source',
    unit: 'ratio',
    group: STEADY,
    frames: 2,
    explanation:
      'Frame difference divided by the source’s. Above 1 it flickers more than the source moves; far below 1 the video is frozen, which is a failure too.',
  },
  contrast_normalised_flicker: {
    title: 'flicker per contrast',
    unit: 'ratio to the source',
    group: STEADY,
    frames: 2,
    explanation:
      'Frame difference divided by contrast, over the same of the source: the flicker that a vivid style alone does not explain.',
  },
  second_difference: {
    title: 'second difference',
    unit: '0..255',
    group: STEADY,
    frames: 3,
    explanation: 'Mean absolute second difference of three successive frames: catches jumps, cancels steady motion.',
  },
  warping_error: {
    title: 'warping error',
    unit: 'squared, 0..1',
    group: STEADY,
    frames: 2,
    explanation:
      'Squared difference between a frame and the next one warped back along the source’s motion, where nothing is hidden. The source’s own value is its floor.',
  },
  warping_error_normalised: {
    title: 'warping error / variance',
    unit: 'ratio',
    group: STEADY,
    frames: 2,
    explanation:
      'Warping error divided by the variance of the frames, so that a style of little contrast does not pass for a steady one.',
  },
  warping_error_dis: {
    title: 'warping error along DIS',
    unit: 'squared, 0..1',
    group: STEADY,
    frames: 2,
    explanation:
      'Warping error along the motion that another estimator (dense inverse search) sees in the source. A method that moves pixels along one estimator’s motion is judged by the other one.',
  },
  warping_error_dis_normalised: {
    title: 'warping error along DIS / variance',
    unit: 'ratio',
    group: STEADY,
    frames: 2,
    explanation: 'Warping error along DIS divided by the variance of the frames.',
  },
  warping_error_true: {
    title: 'true warping error',
    unit: 'squared, 0..1',
    group: STEADY,
    frames: 2,
    explanation:
      'Warping error along the true motion of a generated shot, where nothing is hidden. No estimator can flatter it.',
  },
  warping_error_true_normalised: {
    title: 'true warping error / variance',
    unit: 'ratio',
    group: STEADY,
    frames: 2,
    explanation: 'True warping error divided by the variance of the frames.',
  },
  long_range_drift: {
    title: 'long-range drift',
    unit: 'ratio',
    group: STEADY,
    frames: 2,
    explanation:
      'Squared difference between the first frame and each later one, warped back along the motion accumulated between them (DIS), divided by the variance. Slow changes that no pair of frames shows add up in it.',
  },
  long_range_drift_true: {
    title: 'true long-range drift',
    unit: 'ratio',
    group: STEADY,
    frames: 2,
    explanation: 'Long-range drift along the true motion of a generated shot, divided by the variance.',
  },
  tof: {
    title: 'motion difference',
    unit: 'pixels (tOF)',
    group: STEADY,
    frames: 2,
    explanation:
      'Mean length of the difference between the motion seen in the source and in the output. A frozen video scores badly here.',
  },
  vbench_temporal_flickering: {
    title: 'VBench flickering',
    unit: '0..1',
    group: STEADY,
    frames: 2,
    fromZero: false,
    explanation: '(255 - frame difference) / 255, more is steadier. VBench means it for static shots only.',
  },
  psnr: {
    title: 'PSNR',
    unit: 'dB',
    group: FIDELITY,
    fromZero: false,
    explanation: 'Peak signal-to-noise ratio to the source; infinite for identical frames. High means: hardly edited.',
  },
  ssim_gaussian: {
    title: 'SSIM',
    unit: '0..1',
    group: FIDELITY,
    fromZero: false,
    explanation: 'Structural similarity to the source: how much of its structure is kept.',
  },
};

/** A metric with its name in the data. */
export interface NamedMetric extends ReportMetric {
  readonly name: string;
}

/**
 * The metrics that occur in `of` of at least one arm, in display order: the library's, then others in the order found.
 *
 * @param described descriptions of other metrics, or that replace the library's; metrics without one are shown by name
 */
export function metricsOf(
  arms: readonly ReportArm[],
  of: 'metrics' | 'perFrame',
  described: Readonly<Record<string, ReportMetric>> = {},
): NamedMetric[] {
  const found = new Set(arms.flatMap((arm) => Object.keys(arm[of] ?? {})));
  const names = [...Object.keys(REPORT_METRICS).filter((name) => found.delete(name)), ...found];
  return names.map((name) => describeMetric(name, described));
}

/** A metric's description, by its name. */
export function describeMetric(name: string, described: Readonly<Record<string, ReportMetric>> = {}): NamedMetric {
  const known = Object.hasOwn(described, name) ? described[name] : undefined;
  const own = Object.hasOwn(REPORT_METRICS, name) ? REPORT_METRICS[name as MetricName] : undefined;
  const plain = { title: name.replaceAll('_', ' '), unit: '', group: 'Other', explanation: '' };
  return { name, ...(known ?? own ?? plain) };
}

/** A metric's title, with its unit if it has one. */
export function withUnit({ title, unit }: ReportMetric): string {
  return unit ? `${title} (${unit})` : title;
}
