// Restyles a sequence of frames: encode, edit at a strength, decode. Callers read and write the frames.

import { assertInteger } from '../base/assert.js';
import { NonFiniteError, UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import { conditionTensor } from '../conditions/condition.js';
import { isCut } from '../consistency/cuts.js';
import type { SourceFrame } from '../consistency/motion.js';
import { type WarpedNoiseOptions, warpedNoise } from '../consistency/warped-noise.js';
import type { Model } from '../models/model.js';
import { withDefaults } from '../settings/defaults.js';
import { isScheduled, numberAt, strengthKeys, timesOfRows } from '../settings/schedule.js';
import type { OptionsOf } from '../settings/setting.js';
import { type NOISE_MODES, RENDER, type STEADY } from '../settings/table.js';
import { type Frame, framesToImage, imageToFrames } from '../tensor/frame.js';
import { randn } from '../tensor/randn.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { openVideo, PICTURE_RATE } from '../video/read/open-video.js';
import { isVideo, type VideoInput } from '../video/read/video.js';
import { type AnchoredImg2ImgOptions, anchoredImg2img, checkAnchored, isAnchored } from './anchored-img2img.js';
import { conditionsOfFrames } from './controlled.js';
import { type DenoiseOptions, img2img } from './img2img.js';
import { isMasked, latentMask, maskWeights, withMask } from './mask.js';
import { noiseSchedule } from './noise-schedule.js';
import { checkFollowing, type RenderedFrame, withPrevious } from './previous-frame.js';
import { samplers } from './samplers/index.js';
import { NonFiniteLatentError } from './samplers/step.js';
import { type SeenFrame, seenFrames, shownFiles } from './seen-frames.js';
import { planForStrength } from './strength.js';

/** Noise mode: one noise tensor for all frames of a video, a different one for each, or one that moves with the picture. */
export type NoiseMode = (typeof NOISE_MODES)[number];

/** Options of restyling a video. */
export interface RestyleOptions
  extends DenoiseOptions,
    OptionsOf<
      Pick<typeof RENDER, 'noise' | 'noiseDraw' | 'batch' | 'anchor' | 'adain' | 'strengthSchedule'> &
        Pick<typeof STEADY, 'flow'>
    > {
  /** Share of the steps that is executed, in (0, 1]: more is a stronger edit. */
  strength: number;
  /** Seed of the noise, up to 64 bits; frame i has `seed + i` with `noise: 'per-frame'`. */
  seed?: number | bigint;
  /**
   * The source's motion for `noise: 'warped'` and the control `previous`, where it is known; estimated as `flow` says by
   * default.
   */
  motion?: WarpedNoiseOptions['motion'];
  /** Stops before the next frame or after the current step and throws the signal's reason. */
  signal?: AbortSignal;
  /** Called after each executed step of each batch; if frames are rendered together, all batches execute a step in turn. */
  onStep?: (step: { frame: number; frames: number; step: number; timestep: number }) => void;
}

/**
 * The scaled latent [1, C, h, w] of a frame: the mean of the VAE's posterior, which is deterministic.
 *
 * @param index the frame's number, for errors
 * @throws UsageError when its sides do not fit the model; NonFiniteError when the latent is not finite
 */
export async function encodeFrame(model: Model, frame: Frame, index?: number): Promise<Tensor<'float32'>> {
  const factor = model.config.vaeFactor;
  if (frame.width % factor !== 0 || frame.height % factor !== 0) {
    throw new UsageError(
      `encodeFrame: ${frame.width}x${frame.height} is not a multiple of ${factor} on both sides; crop or scale the frames`,
    );
  }
  const { mean } = await model.encodeImage(framesToImage([frame]));
  requireFinite(mean.data, "the latent that the VAE's encoder gives", index);
  const scale = model.config.vae.scalingFactor;
  return tensor(
    'float32',
    mean.shape,
    mean.data.map((value) => value * scale),
  );
}

/**
 * The frame of a scaled latent [1, C, h, w].
 *
 * @param index the frame's number, for errors
 * @throws NonFiniteError when the picture is not finite (in 8 bits it would be black)
 */
export async function decodeFrame(model: Model, latent: Tensor<'float32'>, index?: number): Promise<Frame> {
  const scale = model.config.vae.scalingFactor;
  const image = await model.decodeLatent(
    tensor(
      'float32',
      latent.shape,
      latent.data.map((value) => value / scale),
    ),
  );
  requireFinite(image.data, "the picture that the VAE's decoder gives", index);
  return imageToFrames(image)[0];
}

/** Options of restyling latents. */
export interface LatentOptions extends Omit<RestyleOptions, 'times'>, Pick<AnchoredImg2ImgOptions, 'stored' | 'cuts'> {
  /** Seconds at which each latent's frame is shown, for settings that change with time. */
  readonly times?: readonly number[];
  /** The latents' own noise [1, C, h, w] in place of the seed's; `noise: 'warped'` needs it. */
  readonly noises?: readonly Tensor<'float32'>[];
  /** What the model's controls can see, one frame a latent. */
  readonly seen?: readonly SeenFrame[];
}

/**
 * Edits scaled latents [1, C, h, w] of frames.
 *
 * An incomplete batch is padded by repeating its last row, so that one compiled network serves the whole video. With
 * `anchor` or `adain`, the frames are rendered together (`anchoredImg2img`); they are one shot without `cuts`.
 *
 * @param frames the number of the first frame in the video where they are consecutive, else the number of each
 * @throws NonFiniteError naming frame and step when a latent turns NaN
 */
export async function restyleLatents(
  model: Model,
  latents: readonly Tensor<'float32'>[],
  frames: number | readonly number[],
  options: LatentOptions,
): Promise<Tensor<'float32'>[]> {
  const { batch } = withDefaults(RENDER, options);
  const { signal } = options;
  assertInteger('batch: the number of frames', batch, 1);
  const numbers = typeof frames === 'number' ? latents.map((_, i) => frames + i) : frames;
  if (isAnchored(options)) return restyleTogether(model, latents, numbers, options);
  const shape = latents[0].shape;
  const conditions = options.seen && conditionsOfFrames(model, options.seen);
  const masks = latentMasks(model, options);
  const results: Tensor<'float32'>[] = [];
  const times = timesOfRows(options, options.times, latents.length);
  const strengths = times.map((time) => numberAt(strengthKeys(options), time));
  for (let start = 0, count = 0; start < latents.length; start += count) {
    count = alikeFrom(model, options, strengths.slice(start, start + batch));
    const strength = strengths[start];
    const rowsOf = <T>(all: readonly T[]): T[] =>
      Array.from({ length: batch }, (_, i) => all[start + Math.min(i, count - 1)]);
    const latent = stack(rowsOf(latents));
    const own = rowsOf(numbers);
    const shown = conditions && { conditions: conditions.map((each) => conditionTensor(rowsOf(each))) };
    const noise = options.noises ? stack(rowsOf(options.noises)) : noiseFor(options, shape, own);
    let edited = latent;
    let step = 0;
    try {
      for await (const { timestep, latent: next } of img2img(model, {
        ...{ ...options, ...shown, latent, noise, strength },
        times: rowsOf(times),
        ...(masks && { latentMask: stack(rowsOf(masks)) }),
      })) {
        edited = next;
        step++;
        options.onStep?.({ frame: own[0], frames: count, step, timestep });
        signal?.throwIfAborted();
      }
    } catch (error) {
      throw namingFrame(error, own.slice(0, count));
    }
    const size = edited.data.length / batch;
    for (let i = 0; i < count; i++) {
      results.push(tensor('float32', shape, edited.data.slice(i * size, (i + 1) * size)));
    }
  }
  return results;
}

/** The mask of each latent, if frames are edited under one. */
function latentMasks({ config }: Model, options: LatentOptions): Tensor<'float32'>[] | undefined {
  if (!isMasked(options)) return undefined;
  if (!options.seen) throw new UsageError('restyle: a mask needs the frames that it is laid on; pass them as `seen`');
  return options.seen.map((seen) => latentMask(maskWeights(seen, options), seen.frame, config.vaeFactor));
}

/** The number of strengths, from the first on, that execute the same steps: such rows can be one batch. */
function alikeFrom(model: Model, options: RestyleOptions, strengths: readonly number[]): number {
  if (options.strengthSchedule === undefined) return strengths.length;
  const { sampler, steps } = withDefaults(RENDER, options);
  const [first, ...others] = strengths.map((strength) =>
    planForStrength(samplers[sampler], noiseSchedule(model.config.schedule), { steps, strength }).timesteps.join(),
  );
  const other = others.findIndex((plan) => plan !== first);
  return other < 0 ? strengths.length : other + 1;
}

async function restyleTogether(
  model: Model,
  latents: readonly Tensor<'float32'>[],
  numbers: readonly number[],
  options: LatentOptions,
): Promise<Tensor<'float32'>[]> {
  const latent = stack(latents);
  const noise = options.noises ? stack(options.noises) : noiseFor(options, latents[0].shape, numbers);
  const onBatch: AnchoredImg2ImgOptions['onBatch'] = ({ frame, ...done }) => {
    options.onStep?.({ frame: numbers[frame], ...done });
    options.signal?.throwIfAborted();
  };
  let edited = latent;
  try {
    const conditions = options.seen && conditionsOfFrames(model, options.seen).map(conditionTensor);
    const masks = latentMasks(model, options);
    const own = given({ conditions, latentMask: masks && stack(masks) });
    const steps = anchoredImg2img(model, { ...options, ...own, latent, noise, onBatch });
    for await (const step of steps) edited = step.latent;
  } catch (error) {
    throw namingFrame(error, numbers);
  }
  const size = edited.data.length / latents.length;
  return latents.map(({ shape }, i) => tensor('float32', shape, edited.data.slice(i * size, (i + 1) * size)));
}

/**
 * Restyles a video frame by frame, with one batch in memory. Frames are used as given, those of a path as players show them.
 * Sides must fit the model (usually multiples of 8); `openVideo` scales frames.
 *
 * With `anchor` or `adain`, the frames of a shot are rendered together, and their latents are in memory. A cut begins the next
 * shot.
 *
 * @throws NonFiniteError naming frame and step when a latent turns NaN
 */
export async function* restyle(
  model: Model,
  video: VideoInput,
  options: RestyleOptions,
): AsyncGenerator<Frame, void, undefined> {
  const { batch, noise, seed, noiseDraw: draw } = withDefaults(RENDER, options);
  const { signal, motion, flow } = options;
  const together = isAnchored(options);
  const masked = isMasked(options);
  checkAnchored(options);
  checkFollowing(model, options);
  let waiting: Tensor<'float32'>[] = [];
  let seen: SeenFrame[] = [];
  let noises: Tensor<'float32'>[] = [];
  let noiseOf: ReturnType<typeof warpedNoise> | undefined;
  let first = 0;
  let before: SourceFrame | undefined;
  let rendered: RenderedFrame | undefined;
  const timeOf = isScheduled(options) ? await timesIn(video) : undefined;
  const flush = async function* (): AsyncGenerator<Frame> {
    const times = timeOf && waiting.map((_, i) => timeOf(first + i));
    const own = { seen, ...given({ times }), ...(noise === 'warped' && { noises }) };
    const edited = await restyleLatents(model, waiting, first, { ...options, ...own });
    const sources = seen;
    [waiting, seen, noises] = [[], [], []];
    for (const [i, latent] of edited.entries()) {
      const decoded = await decodeFrame(model, latent, first++);
      const frame = masked ? withMask(sources[i], decoded, options) : decoded;
      rendered = { ...before!, rendered: frame };
      yield frame;
    }
  };
  signal?.throwIfAborted();
  for await (const next of seenFrames(shownFiles(model, options), video, given({ signal }))) {
    signal?.throwIfAborted();
    const { frame } = next;
    if (together && before && isCut(before.frame, frame)) yield* flush();
    const at = { ...next, index: first + waiting.length };
    before = at;
    const latent = await encodeFrame(model, frame, at.index);
    waiting.push(latent);
    if (model.controls.length > 0 || masked)
      seen.push(await withPrevious(model, at, rendered, given({ motion, flow })));
    if (noise === 'warped') {
      noiseOf ??= warpedNoise({ seed, draw, shape: latent.shape, ...given({ motion, flow }) });
      noises.push(await noiseOf(frame, at));
    }
    if (waiting.length === batch && !together) yield* flush();
  }
  if (waiting.length > 0) yield* flush();
}

/** The times of a video's frames in seconds, by their numbers. */
export async function timesIn(input: VideoInput): Promise<(index: number) => number> {
  if (typeof input !== 'string' && !isVideo(input)) return (index) => index / PICTURE_RATE;
  const { times, frameRate } = await (await openVideo(input, { exact: true })).times();
  return (index) => times[index] ?? index / frameRate;
}

function noiseFor(options: RestyleOptions, shape: readonly number[], numbers: readonly number[]): Tensor<'float32'> {
  const { seed, noise, noiseDraw } = withDefaults(RENDER, options);
  if (noise === 'warped') {
    throw new UsageError("restyle: warped noise moves from frame to frame; single latents need it as 'noises'");
  }
  if (noise === 'fixed') return randn(seed, shape, { draw: noiseDraw });
  return stack(numbers.map((number) => randn(BigInt(seed) + BigInt(number), shape, { draw: noiseDraw })));
}

function stack(rows: readonly Tensor<'float32'>[]): Tensor<'float32'> {
  const [, ...shape] = rows[0].shape;
  const size = rows[0].data.length;
  const data = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    data.set(row.data, i * size);
  });
  return tensor('float32', [rows.length, ...shape], data);
}

function requireFinite(values: Float32Array, what: string, index?: number): void {
  if (values.every(Number.isFinite)) return;
  const frame = index === undefined ? '' : `frame ${index}: `;
  throw new NonFiniteError(`${frame}${what} is not finite (NaN or infinite); check the VAE's weights`);
}

function namingFrame(error: unknown, numbers: readonly number[]): unknown {
  if (!(error instanceof NonFiniteLatentError)) return error;
  // Additional rows repeat the last frame; under guidance both halves have the same order.
  const frame = numbers[Math.min(error.row, numbers.length - 1)];
  return new NonFiniteError(`frame ${frame}: ${error.message}`);
}
