// The names of the metrics, their inputs, and the form of their values.

/** Names of the metrics, as in result files. */
export type MetricName =
  | 'frame_difference'
  | 'flicker_ratio'
  | 'vbench_temporal_flickering'
  | 'second_difference'
  | 'standard_deviation'
  | 'contrast_normalised_flicker'
  | 'warping_error'
  | 'warping_error_normalised'
  | 'warping_error_dis'
  | 'warping_error_dis_normalised'
  | 'warping_error_true'
  | 'warping_error_true_normalised'
  | 'long_range_drift'
  | 'long_range_drift_true'
  | 'tof'
  | 'edit_strength'
  | 'edit_strength_inside'
  | 'edit_strength_outside'
  | 'psnr'
  | 'ssim_gaussian';

/**
 * The description of a metric.
 *
 * @inline
 */
export interface MetricDescription {
  /** A short title for tables and axes, with the unit. */
  readonly title: string;
  /** Number of successive frames of each value of its curve: value t is of the frames t to t + `frames` - 1. */
  readonly frames: 1 | 2 | 3;
  /**
   * Videos that have it: `alone` any video; `source` an output with its source, and the source itself as the floor; `output`
   * an output only, because it is compared with the source frame by frame; `truth` as `source`, where the source's true
   * motion is known; `mask` as `output`, where only a part of frames is edited.
   */
  readonly of: 'alone' | 'source' | 'output' | 'truth' | 'mask';
  /** The motion along which it is judged: a method that moves pixels along the same one makes it look better than it is. */
  readonly along?: MotionName;
}

/**
 * Where a motion comes from: Farneback's flow, dense inverse search, or the known truth.
 *
 * @inline
 */
export type MotionName = 'farneback' | 'dis' | 'true';

/** Whether a metric is judged along the motion by which a method made the video. */
export function isOwnMotion(metric: MetricName, motion: string | undefined): boolean {
  return motion !== undefined && METRICS[metric].along === motion;
}

/** All metrics, in the order of tables. */
export const METRICS: Readonly<Record<MetricName, MetricDescription>> = {
  frame_difference: { title: 'frame difference (0..255)', frames: 2, of: 'alone' },
  flicker_ratio: { title: 'frame difference / source', frames: 2, of: 'source' },
  vbench_temporal_flickering: { title: 'VBench temporal flickering (0..1)', frames: 2, of: 'alone' },
  second_difference: { title: 'second difference (0..255)', frames: 3, of: 'alone' },
  standard_deviation: { title: 'standard deviation (0..255)', frames: 1, of: 'alone' },
  contrast_normalised_flicker: { title: 'flicker per contrast / source', frames: 2, of: 'source' },
  warping_error: { title: 'warping error (squared, 0..1)', frames: 2, of: 'source', along: 'farneback' },
  warping_error_normalised: { title: 'warping error / variance', frames: 2, of: 'source', along: 'farneback' },
  warping_error_dis: { title: 'warping error along DIS (squared, 0..1)', frames: 2, of: 'source', along: 'dis' },
  warping_error_dis_normalised: { title: 'warping error along DIS / variance', frames: 2, of: 'source', along: 'dis' },
  warping_error_true: { title: 'true warping error (squared, 0..1)', frames: 2, of: 'truth', along: 'true' },
  warping_error_true_normalised: { title: 'true warping error / variance', frames: 2, of: 'truth', along: 'true' },
  long_range_drift: { title: 'long-range drift / variance', frames: 2, of: 'source', along: 'dis' },
  long_range_drift_true: { title: 'true long-range drift / variance', frames: 2, of: 'truth', along: 'true' },
  tof: { title: 'motion difference (pixels)', frames: 2, of: 'source', along: 'farneback' },
  edit_strength: { title: 'edit strength (0..255)', frames: 1, of: 'output' },
  edit_strength_inside: { title: 'edit strength inside the mask (0..255)', frames: 1, of: 'mask' },
  edit_strength_outside: { title: 'edit strength outside the mask (0..255)', frames: 1, of: 'mask' },
  psnr: { title: 'PSNR to the source (dB)', frames: 1, of: 'output' },
  ssim_gaussian: { title: 'SSIM to the source (0..1)', frames: 1, of: 'output' },
};

/**
 * A metric's value; `null` if undefined: a metric over pairs of frames in a video of one frame, a ratio to zero (a static
 * source), SSIM of pictures smaller than its window, DIS in pictures of less than 16 pixels, drift once too little of the
 * first frame is in sight. PSNR of an identical frame is `Infinity`, which JSON stores as null;
 * PSNR is never undefined, so null for `psnr` in a file always means identical.
 */
export type MetricValue = number | null;

/** One video's metrics; keys that do not apply to it are absent. */
export interface Measurement {
  /** Each metric over the whole video: the mean of its curve. */
  readonly means: Readonly<Partial<Record<MetricName, MetricValue>>>;
  /**
   * Each metric over time. Value t is of frame t (metrics of one frame, as many values as frames), of the frames t and
   * t + 1 (pairs, one value fewer), or of t, t + 1 and t + 2 (`second_difference`, two fewer); of long-range drift, of the
   * frames 0 and t + 1. Ratios divide the pair's value by the mean of the denominator over the whole video, so that every
   * curve averages to its metric.
   */
  readonly curves: Readonly<Partial<Record<MetricName, readonly MetricValue[]>>>;
}
