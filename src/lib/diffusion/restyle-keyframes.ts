// Restyles a video steadily: only its keyframes go through the network, and the frames between are carried from them along
// the source's motion.

import { given } from '../base/given.js';
import { carry } from '../consistency/carry.js';
import { isCut } from '../consistency/cuts.js';
import { checkKeyframes, type KeyframeOptions, type KeySegment, keySegments } from '../consistency/key-segments.js';
import type { SourceFrame } from '../consistency/motion.js';
import { warpedNoise } from '../consistency/warped-noise.js';
import type { Model } from '../models/model.js';
import { withDefaults } from '../settings/defaults.js';
import { isScheduled } from '../settings/schedule.js';
import { RENDER } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import type { Tensor } from '../tensor/tensor.js';
import type { VideoInput } from '../video/read/video.js';
import { checkAnchored, isAnchored } from './anchored-img2img.js';
import { withMask } from './mask.js';
import { checkFollowing } from './previous-frame.js';
import { decodeFrame, encodeFrame, type RestyleOptions, restyleLatents, timesIn } from './restyle.js';
import { type SeenFrame, seenFrames, shownFiles } from './seen-frames.js';

/** Options of restyling a video by its keyframes. */
export type RestyleKeyframesOptions = RestyleOptions & KeyframeOptions;

/**
 * Restyles a video by its keyframes: about a fifth of the passes of `restyle`, and steadier. Sides must fit the model, as for
 * `restyle`. `batch` keyframes, and the frames of the source between them, are in memory at a time; with `anchor` or `adain`
 * all of a shot, because they are rendered together.
 *
 * @throws UsageError when a setting is out of its range; NonFiniteError naming frame and step when a latent turns NaN
 */
export async function* restyleKeyframes(
  model: Model,
  video: VideoInput,
  options: RestyleKeyframesOptions,
): AsyncGenerator<Frame, void, undefined> {
  const { batch, noise } = withDefaults(RENDER, options);
  checkKeyframes(options);
  checkFollowing(model, { ...options, steady: true });
  checkAnchored(options);
  const together = isAnchored(options);
  const timeOf = isScheduled(options) ? await timesIn(video) : undefined;
  let before: Frame | undefined;
  let waiting: KeySegment<NumberedFrame>[] = [];
  const flush = async function* (): AsyncGenerator<Frame> {
    const keys = waiting.map(({ key }) => key);
    const latents = await Promise.all(keys.map(({ frame, index }) => encodeFrame(model, frame, index)));
    const numbers = keys.map(({ index }) => index);
    const times = timeOf && numbers.map(timeOf);
    const noises = noise === 'warped' && { noises: keys.map((key) => key.noise!) };
    const edited = await restyleLatents(model, latents, numbers, {
      ...options,
      seen: keys,
      ...given({ times }),
      ...noises,
    });
    for (const [i, segment] of waiting.entries()) {
      const styled = withMask(segment.key, await decodeFrame(model, edited[i], numbers[i]), options);
      for (const [k, frame] of [...carry(segment, before, styled)].entries()) {
        yield k < segment.between.length ? withMask(segment.between[k].at, frame, options) : frame;
      }
      before = styled;
    }
    waiting = [];
  };
  /** Whether a keyframe begins a shot; then the one before it ends one. */
  const begins = ({ key }: KeySegment<NumberedFrame>): boolean => {
    const last = waiting.at(-1)?.key;
    return last !== undefined && key.index === last.index + 1 && isCut(last.frame, key.frame);
  };
  for await (const segment of keySegments(
    numbered(model, seenFrames(shownFiles(model, options), video, given({ signal: options.signal })), options),
    options,
  )) {
    if (together && begins(segment)) yield* flush();
    waiting.push(segment);
    if (waiting.length === batch && !together) yield* flush();
  }
  if (waiting.length > 0) yield* flush();
}

/** A frame of the source and what controls see of it, with its noise if that moves from frame to frame. */
interface NumberedFrame extends SourceFrame, SeenFrame {
  readonly noise?: Tensor<'float32'>;
}

async function* numbered(
  { config }: Model,
  frames: AsyncIterable<SeenFrame>,
  options: RestyleKeyframesOptions,
): AsyncGenerator<NumberedFrame, void, undefined> {
  const { noise, seed, noiseDraw: draw } = withDefaults(RENDER, options);
  const { motion, flow } = options;
  let noiseOf: ReturnType<typeof warpedNoise> | undefined;
  let index = 0;
  for await (const seen of frames) {
    const { frame } = seen;
    if (noise !== 'warped') yield { index: index++, ...seen };
    else {
      const [height, width] = [frame.height, frame.width].map((side) => side / config.vaeFactor);
      const shape = [1, config.vae.latentChannels, height, width];
      noiseOf ??= warpedNoise({ seed, draw, shape, ...given({ motion, flow }) });
      const at: { -readonly [Name in keyof NumberedFrame]: NumberedFrame[Name] } = { index: index++, ...seen };
      at.noise = await noiseOf(frame, at);
      yield at;
    }
  }
}
