// Fills the journals of a rendered video that all renderings share: the frames read, latents and round trips. Each continues
// where an earlier process stopped.

import type { OnProgress } from '../base/progress.js';
import type { JournalOptions, RecordJournal } from '../base/record-journal.js';
import type { SourceFrame } from '../consistency/motion.js';
import { type WarpedNoiseOptions, warpedNoise } from '../consistency/warped-noise.js';
import { decodeFrame, encodeFrame } from '../diffusion/restyle.js';
import type { SeenFrame } from '../diffusion/seen-frames.js';
import type { Model } from '../models/model.js';
import type { Frame } from '../tensor/frame.js';
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
  video: Pick<Video, 'frames' | 'expectedFrames'>,
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

/** The warped noise of a video's frames: its journal, and what it is made with. */
export interface MovingNoise {
  readonly journal: RecordJournal;
  readonly options: WarpedNoiseOptions;
}

/**
 * Yields the source's frames from `first` on, and adds each one's noise to the journals before. Noise depends on that of all
 * frames before it, so that an interrupted journal is computed again from the first frame, and continued.
 */
export async function* framesWithNoise(
  from: Pick<RenderedFrom, 'source' | 'video'>,
  noises: readonly MovingNoise[],
  { first = 0, signal }: { readonly first?: number; readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<SourceFrame, void, undefined> {
  const open = noises.filter(({ journal }) => journal.count < from.source.count);
  const moving = open.map(({ journal, options }) => ({ journal, noiseOf: warpedNoise(options) }));
  for (let index = moving.length > 0 ? 0 : first; index < from.source.count; index++) {
    signal?.throwIfAborted();
    const at = { index, frame: await frameAt(from, index) };
    for (const { journal, noiseOf } of moving) {
      const { data } = await noiseOf(at.frame, at);
      if (index >= journal.count) await journal.append(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    if (index >= first) yield at;
  }
  for (const { journal } of open) await journal.flush();
}

/** Fills a journal with the warped noise of all frames. */
export async function fillWarpedNoise(
  from: Pick<RenderedFrom, 'source' | 'video'>,
  noise: MovingNoise,
  { onProgress, signal }: RenderHooks,
): Promise<void> {
  if (noise.journal.count >= from.source.count) return;
  for await (const { index } of framesWithNoise(from, [noise], { signal })) {
    onProgress?.({ done: index, total: from.source.count, label: 'moving noise' });
  }
}

/** A frame of the source. */
export async function frameAt(
  { source, video: { width, height } }: Pick<RenderedFrom, 'source' | 'video'>,
  index: number,
): Promise<Frame> {
  return { width, height, data: await source.read(index) };
}

/** What the model's controls see of a frame of the source. */
export async function seenAt(from: Pick<RenderedFrom, 'source' | 'video' | 'maps'>, index: number): Promise<SeenFrame> {
  const maps = new Map<string, Frame>();
  for (const [path, source] of from.maps) maps.set(path, await frameAt({ ...from, source }, index));
  return { frame: await frameAt(from, index), maps };
}

/** A rendering and its journals. */
export interface FilledRendering extends Rendering {
  readonly output: RecordJournal;
  /** Noise of its frames, if it moves with them. That of a steady rendering is filled with its keyframes. */
  readonly noise?: MovingNoise;
  /** Finished steps, if frames are rendered together. */
  readonly steps?: RecordJournal;
}

/** The journals that renderings are made from. */
export interface RenderedFrom {
  readonly source: RecordJournal;
  readonly latents: RecordJournal;
  readonly latentShape: readonly number[];
  readonly video: Pick<Video, 'width' | 'height'>;
  /** Seconds at which frames are shown, by their numbers, where settings change with time. */
  readonly times?: readonly number[];
  /** The pictures of the controls' maps, by the maps' paths. */
  readonly maps: ReadonlyMap<string, RecordJournal>;
  /** Opens another journal of this rendering's own. */
  readonly journal: (name: string, recordBytes: number, how?: JournalOptions) => Promise<RecordJournal>;
}

/** Callbacks of one rendering: how far it is. */
export interface RenderingHooks {
  /** Called after each step with the number of frames that are done, in parts of one; throws when it is to stop. */
  readonly onStep: (rendering: Rendering, frames: number) => void;
  readonly onFrame: (frame: Frame) => Promise<void>;
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
