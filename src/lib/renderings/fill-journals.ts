// Fills the journals of a rendered video that all renderings share: the frames read, latents and round trips. Each continues
// where an earlier process stopped.

import type { OnProgress } from '../base/progress.js';
import type { RecordJournal } from '../base/record-journal.js';
import { type WarpedNoiseOptions, warpedNoise } from '../consistency/warped-noise.js';
import { decodeFrame, encodeFrame } from '../diffusion/restyle.js';
import type { Model } from '../models/model.js';
import { sizeOf, type Tensor, tensor } from '../tensor/tensor.js';
import type { Video } from '../video/read/video.js';
import type { Rendering } from './rendering.js';

/** Callbacks of a long rendering, and its abort signal. */
export interface RenderHooks {
  /** Called with the progress of reading, encoding, rendering and measuring. */
  onProgress?: OnProgress;
  /** Called with warnings, such as about damaged frames or little disk space; stderr by default. */
  onWarning?: (message: string) => void;
  /** Called after each rendered frame with the number of frames done and the total, over all renderings. */
  onFrame?: (done: number, total: number) => void;
  /** Stops after the current step; the signal's reason is thrown, and the work can be continued. */
  signal?: AbortSignal;
}

/** Bytes per record of the journals. */
export function recordSizes(model: Model, { width, height }: Video) {
  const factor = model.config.vaeFactor;
  const latentShape = [1, model.config.vae.latentChannels, height / factor, width / factor];
  return { frameBytes: 3 * width * height, latentShape, latentBytes: 4 * sizeOf(latentShape) };
}

/** Reads all frames of a video into its journal. */
export async function readSource(
  video: Video,
  source: RecordJournal,
  { onProgress, signal }: RenderHooks,
): Promise<void> {
  for await (const frame of video.frames()) {
    signal?.throwIfAborted();
    await source.append(frame.data);
    const total = Math.max(source.count, video.expectedFrames ?? 0);
    onProgress?.({ done: source.count, total, label: 'reading frames' });
  }
}

/** Encodes the source's frames and decodes the latents (the round trip). */
export async function encodeSource(
  model: Model,
  { width, height }: Video,
  { source, latents, roundTrip }: Record<'source' | 'latents' | 'roundTrip', RecordJournal>,
  { onProgress, signal }: RenderHooks,
): Promise<void> {
  const both = Math.min(latents.count, roundTrip.count, source.count);
  await latents.truncate(both);
  await roundTrip.truncate(both);
  for (let i = both; i < source.count; i++) {
    signal?.throwIfAborted();
    onProgress?.({ done: i, total: source.count, label: 'encoding' });
    const latent = await encodeFrame(model, { width, height, data: await source.read(i) }, i);
    await latents.append(new Uint8Array(latent.data.buffer, latent.data.byteOffset, latent.data.byteLength));
    await roundTrip.append((await decodeFrame(model, latent, i)).data);
  }
  await latents.flush();
  await roundTrip.flush();
  onProgress?.({ done: source.count, total: source.count, label: 'encoding' });
}

/**
 * Fills a journal with the warped noise of a video's frames. Noise depends on that of all frames before it, so that an
 * interrupted journal is computed again from the first frame, and continued.
 */
export async function fillWarpedNoise(
  { width, height }: Pick<Video, 'width' | 'height'>,
  { source, noises }: Record<'source' | 'noises', RecordJournal>,
  options: WarpedNoiseOptions,
  { onProgress, signal }: RenderHooks,
): Promise<void> {
  if (noises.count >= source.count) return;
  const noiseOf = warpedNoise(options);
  for (let i = 0; i < source.count; i++) {
    signal?.throwIfAborted();
    onProgress?.({ done: i, total: source.count, label: 'moving noise' });
    const { data } = await noiseOf({ width, height, data: await source.read(i) });
    if (i >= noises.count) await noises.append(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  await noises.flush();
}

/** A rendering and its journals. */
export interface FilledRendering extends Rendering {
  readonly output: RecordJournal;
  /** Noise of its frames, if it moves with them. */
  readonly noises?: RecordJournal;
  /** Finished steps, if frames are rendered together. */
  readonly steps?: RecordJournal;
}

/** The journals that renderings are made from. */
export interface RenderedFrom {
  readonly source: RecordJournal;
  readonly latents: RecordJournal;
  readonly latentShape: readonly number[];
  readonly video: Pick<Video, 'width' | 'height'>;
  /** Opens a journal of the numbers of keyframes. */
  readonly keys: (name: string) => Promise<RecordJournal>;
}

/** Callbacks of one rendering: how far it is. */
export interface RenderingHooks {
  /** Called after each step with the number of frames that are done, in parts of one; throws when it is to stop. */
  readonly onStep: (rendering: Rendering, frames: number) => void;
  readonly onFrame: () => void;
  readonly signal: AbortSignal | undefined;
}

/** The latents, or the noise, of frames by their numbers. */
export async function readLatents(
  journal: RecordJournal,
  latentShape: readonly number[],
  numbers: readonly number[],
): Promise<Tensor<'float32'>[]> {
  const read: Tensor<'float32'>[] = [];
  for (const i of numbers) read.push(tensor('float32', latentShape, new Float32Array((await journal.read(i)).buffer)));
  return read;
}
