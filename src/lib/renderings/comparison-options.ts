// What all comparisons of renderings of one video have in common: their options, and what they give.

import type { DenoiseOptions } from '../diffusion/img2img.js';
import type { Measurement } from '../metrics/measurement.js';
import type { OptionsOf } from '../settings/setting.js';
import type { RENDER, SELECTION } from '../settings/table.js';
import type { TrackingOptions } from '../tracking/log/tracked-work.js';
import type { OpenVideoOptions } from '../video/read/open-video.js';
import type { RepeatableVideo } from '../video/read/video.js';
import type { FolderOptions } from './comparison-folder.js';
import type { RenderHooks } from './fill-journals.js';
import type { Rendering, RenderingPlan } from './rendering.js';

/** What all comparisons have in common. */
export interface ComparisonOptions
  extends DenoiseOptions,
    OptionsOf<Pick<typeof RENDER, 'noiseDraw' | 'batch'>>,
    OptionsOf<typeof SELECTION>,
    FolderOptions,
    Omit<RenderHooks, 'onFrame'>,
    Omit<TrackingOptions, 'onWarning'>,
    Pick<OpenVideoOptions, 'crop'> {
  /** Columns of the grid; as square as possible by default. */
  columns?: number;
  /** Copy the source's sound into the videos. */
  audio?: boolean;
  /** Told the folder of the results as soon as work in it begins. */
  onFolder?: (out: string) => void;
}

/** What is compared: renderings of one video. */
export interface Compared {
  /** Names the comparison's runs. */
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

/** What a comparison gives, and what `result.json` holds. */
export interface ComparisonResult {
  /** Absolute path of the folder. */
  out: string;
  /** Absolute paths of the source (`frames` for frames in memory) and of the model. */
  video: string;
  model: string;
  /** The grid: the original first, then the renderings in their order. */
  grid: string;
  /** Metric curves of all videos as a CSV table. */
  curves: string;
  frames: number;
  frameRate: number;
  width: number;
  height: number;
  /** The source's own values: the floor of every metric of consistency. */
  source: Measurement['means'];
  /** Those of the source after a VAE round trip: what no edit of this model can do better than. */
  roundTrip: Measurement['means'];
  roundTripVideo: string;
  cells: RenderingResult[];
  /** What decided its bits. */
  settings: Readonly<Record<string, unknown>>;
}

/** What a comparison will do. */
export interface ComparisonPlan {
  cells: RenderingPlan[];
  width: number;
  height: number;
  frameRate: number;
  /** Frames that will be rendered, where the source says. */
  frames?: number;
  /** Passes of the UNet, where the number of frames is known; each has `rowsPerPass` latents. */
  passes?: number;
  rowsPerPass: number;
  /** Bytes that unfinished work will take, where the number of frames is known. */
  workBytes?: number;
}
