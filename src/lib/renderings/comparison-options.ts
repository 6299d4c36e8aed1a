// Options and results that all comparisons of renderings of one video have in common.

import type { DenoiseOptions } from '../diffusion/img2img.js';
import type { Measurement } from '../metrics/measurement.js';
import type { OptionsOf } from '../settings/setting.js';
import type { OUTPUT, RENDER, SELECTION, STEADIED } from '../settings/table.js';
import type { TrackingOptions } from '../tracking/log/tracked-work.js';
import type { OpenVideoOptions } from '../video/read/open-video.js';
import type { RepeatableVideo } from '../video/read/video.js';
import type { FolderOptions } from './comparison-folder.js';
import type { RenderHooks } from './fill-journals.js';
import type { Rendering, RenderingPlan } from './rendering.js';

/** Options of every comparison. */
export interface ComparisonOptions
  extends DenoiseOptions,
    OptionsOf<Pick<typeof RENDER, 'noiseDraw' | 'batch' | 'anchor' | 'adain' | 'strengthSchedule'>>,
    OptionsOf<typeof STEADIED>,
    OptionsOf<typeof SELECTION>,
    OptionsOf<typeof OUTPUT>,
    FolderOptions,
    Omit<RenderHooks, 'onFrame'>,
    Omit<TrackingOptions, 'onWarning'>,
    Pick<OpenVideoOptions, 'crop'> {
  /** Columns of the grid; as square as possible by default. */
  columns?: number;
  /** Copy the source's sound into the videos. */
  audio?: boolean;
  /** Called with the folder of the results once work in it begins. */
  onFolder?: (out: string) => void;
}

/** The compared renderings of one video. */
export interface Compared {
  /** Name of the comparison's runs. */
  readonly kind: string;
  readonly video: RepeatableVideo;
  readonly renderings: readonly Rendering[];
}

/** The results of one rendering. */
export interface RenderingResult extends RenderingPlan {
  /** Absolute path of its video. */
  video: string;
  metrics: Measurement['means'];
}

/** The result of a comparison, as stored in `result.json`. */
export interface ComparisonResult {
  /** Absolute path of the folder. */
  out: string;
  /** Absolute paths of the source (`frames` for frames in memory) and of the model. */
  video: string;
  model: string;
  /** Path of the grid: the original, then the renderings in order. */
  grid: string;
  /** Path of a CSV table with the metric curves of all videos. */
  curves: string;
  frames: number;
  frameRate: number;
  width: number;
  height: number;
  /** Metrics of the source itself: the floor of every consistency metric. */
  source: Measurement['means'];
  /** Metrics of the source after a VAE round trip: the floor of any edit by this model. */
  roundTrip: Measurement['means'];
  roundTripVideo: string;
  cells: RenderingResult[];
  /** The settings that determine the result bit by bit. */
  settings: Readonly<Record<string, unknown>>;
}

/** The plan of a comparison. */
export interface ComparisonPlan {
  cells: RenderingPlan[];
  width: number;
  height: number;
  frameRate: number;
  /** Number of frames, if the source states it. */
  frames?: number;
  /**
   * Passes of the UNet, with `rowsPerPass` latents each, if the number of frames is known; of steady renderings without those
   * of keyframes at cuts and where much is new.
   */
  passes?: number;
  rowsPerPass: number;
  /** Bytes of the unfinished work, if the number of frames is known. */
  workBytes?: number;
  /** How long it takes on this machine, without writing the videos, if `timed` and the number of frames is known. */
  seconds?: number;
}
