// Fills the journals of a rendered video: the frames read, latents and round trips, edited frames. Each continues where an
// earlier process stopped.

import type { OnProgress } from '../base/progress.js';
import type { RecordJournal } from '../base/record-journal.js';
import { type WarpedNoiseOptions, warpedNoise } from '../consistency/warped-noise.js';
import { decodeFrame, encodeFrame, restyleLatents } from '../diffusion/restyle.js';
import type { Model } from '../models/model.js';
import { withDefaults } from '../settings/defaults.js';
import { RENDER } from '../settings/table.js';
import { sizeOf, type Tensor, tensor } from '../tensor/tensor.js';
import type { Video } from '../video/read/video.js';
import { planRendering, type Rendering } from './rendering.js';
import { stepStore } from './step-store.js';

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

/** Renders the latents of a video under each setting. */
export async function renderLatents(
  model: Model,
  { latents, latentShape }: { readonly latents: RecordJournal; readonly latentShape: readonly number[] },
  renderings: readonly FilledRendering[],
  { onProgress, onFrame, signal }: RenderHooks,
): Promise<void> {
  const frames = latents.count;
  const readFrom = async (journal: RecordJournal, first: number, count: number): Promise<Tensor<'float32'>[]> => {
    const read: Tensor<'float32'>[] = [];
    for (let i = first; i < first + count; i++) {
      read.push(tensor('float32', latentShape, new Float32Array((await journal.read(i)).buffer)));
    }
    return read;
  };
  const evaluations = renderings.map((rendering) => planRendering(model, rendering).evaluations);
  const total = evaluations.reduce((sum, each) => sum + each * frames, 0);
  let before = 0;
  for (const [index, { label, options, output, noises, steps, model: own = model }] of renderings.entries()) {
    // The frames of a shot that are rendered together: all of them.
    const batch = steps ? frames : withDefaults(RENDER, options).batch;
    // Continues at a whole batch, so that each batch has the same frames as without the interruption.
    if (output.count < frames) await output.truncate(Math.floor(output.count / batch) * batch);
    for (let first = output.count; first < frames; first += batch) {
      const count = Math.min(batch, frames - first);
      const group = await readFrom(latents, first, count);
      signal?.throwIfAborted();
      const edited = await restyleLatents(own, group, first, {
        ...options,
        ...(noises && { noises: await readFrom(noises, first, count) }),
        ...(steps && { stored: await stepStore(steps, count) }),
        onStep: ({ frame, frames: rows, step }) => {
          signal?.throwIfAborted();
          const within = steps ? (step - 1) * count + frame - first + rows : count * step;
          const done = before + first * evaluations[index] + within;
          onProgress?.({ done, total, phase: 'denoising', label: `denoising ${label}` });
        },
      });
      for (const [i, latent] of edited.entries()) {
        await output.append((await decodeFrame(model, latent, first + i)).data);
        onFrame?.(index * frames + output.count, renderings.length * frames);
      }
      await output.flush();
    }
    before += evaluations[index] * frames;
  }
}
