// The size of a video for a model: as given, else the model's training size.

import { UsageError } from '../../base/errors.js';
import { warnOnStderr } from '../../base/warn.js';
import type { Model } from '../../models/model.js';
import { checkSize, type FrameSize, sizeText } from '../geometry.js';
import { type OpenVideoOptions, openVideo } from './open-video.js';
import type { Video, VideoInput } from './video.js';

// Outside these multiples of the training side, pictures of Stable Diffusion degrade visibly: they lose their subject or
// repeat it.
const SMALL = 0.75;
const LARGE = 1.5;

/** The default shorter side of frames: the model's training side, as a multiple of 8. */
export function trainedSize({ trainedSide }: Pick<Model['config'], 'trainedSide'>): number {
  return Math.max(8, 8 * Math.round(trainedSide / 8));
}

/** The given size, else the model's own. */
export function renderSize(model: Model, size?: FrameSize): FrameSize {
  return size ?? trainedSize(model.config);
}

/**
 * Options with a size: the given one, else the model's own. Warns if the given one is far from the model's training size.
 *
 * @throws UsageError for an invalid size
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
 * Opens a video at the given size, else at the model's training size.
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
