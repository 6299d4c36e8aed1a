// What the metrics are called, what each needs, and the form in which their values are handed over.

/** The metrics' names, as they stand in result files. */
export type MetricName =
  | 'frame_difference'
  | 'flicker_ratio'
  | 'vbench_temporal_flickering'
  | 'second_difference'
  | 'standard_deviation'
  | 'contrast_normalised_flicker'
  | 'warping_error'
  | 'warping_error_normalised'
  | 'tof'
  | 'edit_strength'
  | 'psnr'
  | 'ssim_gaussian';

/**
 * What one metric is.
 *
 * @inline
 */
export interface MetricDescription {
  /** A short title for a table or an axis, with the unit. */
  readonly title: string;
  /** How many successive frames one value of its curve looks at: value t belongs to the frames t to t + `frames` - 1. */
  readonly frames: 1 | 2 | 3;
  /**
   * Which videos have it: `alone` any video; `source` an output beside its source, and the source itself as its own floor;
   * `output` an output only, since it compares it with the source frame by frame.
   */
  readonly of: 'alone' | 'source' | 'output';
}

/** All metrics, in the order of tables. */
export const METRICS: Readonly<Record<MetricName, MetricDescription>> = {
  frame_difference: { title: 'frame difference (0..255)', frames: 2, of: 'alone' },
  flicker_ratio: { title: 'frame difference / source', frames: 2, of: 'source' },
  vbench_temporal_flickering: { title: 'VBench temporal flickering (0..1)', frames: 2, of: 'alone' },
  second_difference: { title: 'second difference (0..255)', frames: 3, of: 'alone' },
  standard_deviation: { title: 'standard deviation (0..255)', frames: 1, of: 'alone' },
  contrast_normalised_flicker: { title: 'flicker per contrast / source', frames: 2, of: 'source' },
  warping_error: { title: 'warping error (squared, 0..1)', frames: 2, of: 'source' },
  warping_error_normalised: { title: 'warping error / variance', frames: 2, of: 'source' },
  tof: { title: 'motion difference (pixels)', frames: 2, of: 'source' },
  edit_strength: { title: 'edit strength (0..255)', frames: 1, of: 'output' },
  psnr: { title: 'PSNR to the source (dB)', frames: 1, of: 'output' },
  ssim_gaussian: { title: 'SSIM to the source (0..1)', frames: 1, of: 'output' },
};

/**
 * A metric's value. `null` where it is undefined: a metric over pairs of frames in a video of one frame, a ratio to zero (a
 * source that stands still), SSIM of pictures smaller than its window. PSNR of an identical frame is `Infinity`, which JSON
 * writes as null; since PSNR is never undefined, a null read back for `psnr` always means identical.
 */
export type MetricValue = number | null;

/** One video's metrics; keys that don't apply to it are absent. */
export interface Measurement {
  /** Each metric over the whole video: the mean of its curve. */
  readonly means: Readonly<Partial<Record<MetricName, MetricValue>>>;
  /**
   * Each metric over time. Value t belongs to frame t (metrics of one frame, as many values as frames), to the frames t and
   * t + 1 (of pairs, one value fewer), or to t, t + 1 and t + 2 (`second_difference`, two fewer). Ratios divide the pair's
   * value by the mean of the denominator over the whole video, so that every curve averages to its metric.
   */
  readonly curves: Readonly<Partial<Record<MetricName, readonly MetricValue[]>>>;
}
