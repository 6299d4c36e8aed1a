// How long renderings of a video take on this machine: each part is run and timed once, and counted.

import type { RestyleOptions } from '../diffusion/restyle.js';
import type { Model } from '../models/model.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { PRESETS, RENDER, type STEADY } from '../settings/table.js';
import { openSource, type SourceOptions } from './comparison-plan.js';
import { partSeconds } from './part-seconds.js';
import { planRendering, type RenderingOptions, renderedFrames } from './rendering.js';

/** Options of an estimate: how frames are rendered, apart from the sampler, and the sizes that are compared. */
export interface EstimateOptions
  extends Omit<RestyleOptions, 'preset' | 'sampler' | 'steps' | 'strength' | 'onStep' | keyof SourceOptions>,
    OptionsOf<Pick<typeof RENDER, 'strength'>>,
    OptionsOf<typeof STEADY>,
    SourceOptions {
  /** Sizes to compare; `size`, else the model's own, by default. */
  readonly sizes?: readonly NonNullable<SourceOptions['size']>[];
  /** Called before a size is measured. */
  readonly onSize?: (width: number, height: number) => void;
}

/** The estimate of one way of rendering a video. */
export interface Estimate {
  width: number;
  height: number;
  /** `default` is 50 steps of DDIM. */
  preset: 'default' | keyof typeof PRESETS;
  steady: boolean;
  /** Frames of the video; absent where its length is not known. */
  frames?: number;
  /** Passes of the network for a frame, on average. */
  passesPerFrame: number;
  secondsPerFrame: number;
  seconds?: number;
  /** The most memory that the process has used at this size and those before it, in bytes. */
  peakBytes: number;
}

/** Frames of which averages are computed where the video's length is not known. */
const MANY = 1000;

/**
 * Runs the parts of a rendering at each size (autoencoder, a pass of the network, motion of the source) and computes what
 * presets take with all frames rendered, and with keyframes only. A steady rendering takes longer where a video has cuts,
 * and where much of its frames is new.
 *
 * @throws UsageError when the video cannot be opened or does not fit the model, or a setting is out of its range
 */
export async function estimateRenderings(
  model: Model,
  video: string,
  { sizes, onSize, ...options }: EstimateOptions,
): Promise<Estimate[]> {
  const estimates: Estimate[] = [];
  for (const size of sizes ?? [options.size]) {
    const source = await openSource(model, video, { ...options, ...(size !== undefined && { size }) });
    const { width, height, expectedFrames: frames } = source;
    onSize?.(width, height);
    const { batch, strength } = withDefaults(RENDER, options);
    const parts = await partSeconds(model, source, options);
    const [encode, pass] = [await parts.encode(), await parts.pass()];
    const [decode, motion] = [await parts.decode(), await parts.motion()];
    const peakBytes = process.resourceUsage().maxRSS * 1024;
    for (const preset of ['default', ...Object.keys(PRESETS)] as Estimate['preset'][]) {
      for (const steady of [false, true]) {
        const rendering: RenderingOptions = { ...options, strength, steady, ...(preset !== 'default' && { preset }) };
        const { evaluations } = planRendering(model, { name: '', label: '', options: rendering });
        const count = frames ?? MANY;
        const rendered = renderedFrames(rendering, count);
        const share = rendered / count;
        const secondsPerFrame = share * (encode + (evaluations * pass) / batch + decode) + (steady ? motion : 0);
        estimates.push({
          ...{ width, height, preset, steady, ...(frames !== undefined && { frames }) },
          ...{ passesPerFrame: (rendered * evaluations) / count, secondsPerFrame },
          ...(frames !== undefined && { seconds: frames * secondsPerFrame }),
          peakBytes,
        });
      }
    }
  }
  return estimates;
}
