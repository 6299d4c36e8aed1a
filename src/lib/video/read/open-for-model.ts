// At what size a video is worked on with a model: as asked, else at the size the model was trained at.

import { UsageError } from '../../base/errors.js';
import { warnOnStderr } from '../../base/warn.js';
import type { Model } from '../../models/model.js';
import { checkSize, type FrameSize, sizeText } from '../geometry.js';
import { type OpenVideoOptions, openVideo } from './open-video.js';
import type { Video, VideoInput } from './video.js';

// Below and from these shares of the trained side on, pictures of Stable Diffusion visibly suffer: they lose their subject, or
// show it twice.
const SMALL = 0.75;
const LARGE = 1.5;

/** The shorter side of frames where none is asked for: what the model was trained at, as a multiple of 8. */
export function trainedSize({ trainedSide }: Pick<Model['config'], 'trainedSide'>): number {
  return Math.max(8, 8 * Math.round(trainedSide / 8));
}

/** The size as asked, else the model's own. */
export function renderSize(model: Model, size?: FrameSize): FrameSize {
  return size ?? trainedSize(model.config);
}

/**
 * Options with a size: as asked, else the model's own. Warns where the one asked for is far from what the model knows.
 *
 * @throws UsageError for a size that frames cannot have
 */
export function sizedFor<Options extends Pick<OpenVideoOptions, 'size' | 'onWarning'>>(
  model: Model,
  options: Options,
): Options & { size: FrameSize } {
  const size = renderSize(model, options.size);
  checkSize(size);
  const side = typeof size === 'number' ? size : Math.min(size.width, size.height);
  const { trainedSide } = model.config;
  if (side < SMALL * trainedSide || side >= LARGE * trainedSide) {
    const effect = side < trainedSide ? 'pictures fall apart' : 'things appear several times';
    (options.onWarning ?? warnOnStderr)(
      `a size of ${sizeText(size)} is far from the ${trainedSide} pixels that this model was trained at, where ${effect}`,
    );
  }
  return { ...options, size };
}

/**
 * Opens a video at the size that is asked for, else the one that the model was trained at.
 *
 * @throws UsageError when it cannot be opened, or its frames do not fit the model
 */
export async function openForModel(model: Model, input: VideoInput, options: OpenVideoOptions = {}): Promise<Video> {
  const video = await openVideo(input, sizedFor(model, options));
  const factor = model.config.vaeFactor;
  if (video.width % factor !== 0 || video.height % factor !== 0) {
    throw new UsageError(
      `${video.path}: frames of ${video.width}x${video.height} do not fit this model, whose sides must be multiples of ${factor}; pass another size`,
    );
  }
  return video;
}
