// Renders the frames of each cell of a comparison into journals in the work folder, continuing where an earlier process stopped.

import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { OnProgress } from '../base/progress.js';
import { type JournalOptions, openJournal, type RecordJournal } from '../base/record-journal.js';
import { decodeFrame, encodeFrame, restyleLatents } from '../diffusion/restyle.js';
import type { Model } from '../models/model.js';
import type { Frame } from '../tensor/frame.js';
import { sizeOf, type Tensor, tensor } from '../tensor/tensor.js';
import type { Video } from '../video/read/open-video.js';
import { type Cell, planCell } from './rendering.js';

/** Rendered frames of a whole comparison; the same frames each time they are asked for. */
export interface RenderedCells {
  readonly frames: number;
  source(): AsyncGenerator<Frame, void, undefined>;
  /** The source after the VAE's encoder and decoder: what the model cannot do better than. */
  roundTrip(): AsyncGenerator<Frame, void, undefined>;
  cell(name: string): AsyncGenerator<Frame, void, undefined>;
  close(): Promise<void>;
}

/** Hooks of a long rendering. */
export interface RenderHooks {
  /** Told how far reading, encoding, rendering and measuring have come. */
  onProgress?: OnProgress;
  /** Told after each rendered frame how many there are, of all cells together, and how many there will be. */
  onFrame?: (done: number, total: number) => void;
  /** Stops after the step that is being computed; the work then throws the signal's reason and can be continued. */
  signal?: AbortSignal;
}

const LATENTS = 'latents.f32';

/** Whether an earlier process has left anything in a work folder that is worth continuing. */
export async function hasRendered(work: string): Promise<boolean> {
  return stat(join(work, LATENTS)).then(
    ({ size }) => size > 0,
    () => false,
  );
}

/** Bytes that the journals of a comparison take until it is finished. */
export function workBytes(model: Model, video: Video, frames: number, cells: number): number {
  const { frameBytes, latentBytes } = sizes(model, video);
  return frames * ((cells + 2) * frameBytes + latentBytes);
}

/**
 * Decodes the video, encodes its frames once, and renders every cell.
 *
 * @throws UsageError when the video has no frames; FailureError when numbers turn NaN or the disk is full
 */
export async function renderCells(
  model: Model,
  video: Video,
  cells: readonly Cell[],
  work: string,
  hooks: RenderHooks & { onWarning?: (message: string) => void },
): Promise<RenderedCells> {
  const { width, height } = video;
  const { frameBytes, latentBytes } = sizes(model, video);
  const journals: RecordJournal[] = [];
  const journal = async (name: string, bytes: number, options: JournalOptions = hooks): Promise<RecordJournal> => {
    const opened = await openJournal(join(work, name), bytes, options);
    journals.push(opened);
    return opened;
  };
  const close = async (): Promise<void> => {
    for (const opened of journals.splice(0)) await opened.close();
  };
  const framesOf = async function* (from: RecordJournal): AsyncGenerator<Frame, void, undefined> {
    for await (const data of from.records()) yield { width, height, data };
  };
  try {
    await warnOfLittleSpace(model, video, cells.length, work, hooks.onWarning);
    // Decoding again is quick and gives the same frames; whether an earlier process reached the end is not known.
    const source = await journal('source.rgb', frameBytes, { fresh: true });
    await readSource(video, source, hooks);
    const latents = await journal(LATENTS, latentBytes);
    const roundTrip = await journal('round-trip.rgb', frameBytes);
    await encodeSource(model, video, { source, latents, roundTrip }, hooks);
    const outputs = new Map<string, RecordJournal>();
    for (const { name } of cells) outputs.set(name, await journal(`${name}.rgb`, frameBytes));
    await denoiseCells(model, video, cells, { latents, outputs }, hooks);
    return {
      frames: source.count,
      source: () => framesOf(source),
      roundTrip: () => framesOf(roundTrip),
      cell: (name) => framesOf(outputs.get(name)!),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function sizes(model: Model, { width, height }: Video) {
  const factor = model.config.vaeFactor;
  const latentShape = [1, model.config.vae.latentChannels, height / factor, width / factor];
  return { frameBytes: 3 * width * height, latentShape, latentBytes: 4 * sizeOf(latentShape) };
}

async function warnOfLittleSpace(
  model: Model,
  video: Video,
  cells: number,
  work: string,
  onWarning?: (message: string) => void,
): Promise<void> {
  if (video.expectedFrames === undefined) return;
  const needed = workBytes(model, video, video.expectedFrames, cells);
  const { bavail, bsize } = await statfs(work);
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
  if (bavail * bsize < needed) {
    onWarning?.(
      `${work}: about ${megabytes(needed)} are needed there until all is done, but ${megabytes(bavail * bsize)} are free`,
    );
  }
}

async function readSource(video: Video, source: RecordJournal, { onProgress, signal }: RenderHooks): Promise<void> {
  for await (const frame of video.frames()) {
    signal?.throwIfAborted();
    await source.append(frame.data);
    const total = Math.max(source.count, video.expectedFrames ?? 0);
    onProgress?.({ done: source.count, total, label: 'reading frames' });
  }
}

async function encodeSource(
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

async function denoiseCells(
  model: Model,
  video: Video,
  cells: readonly Cell[],
  { latents, outputs }: { latents: RecordJournal; outputs: ReadonlyMap<string, RecordJournal> },
  { onProgress, onFrame, signal }: RenderHooks,
): Promise<void> {
  const frames = latents.count;
  const { latentShape } = sizes(model, video);
  const readLatent = async (i: number): Promise<Tensor<'float32'>> =>
    tensor('float32', latentShape, new Float32Array((await latents.read(i)).buffer));
  const evaluations = cells.map((cell) => planCell(model, cell).evaluations);
  const total = evaluations.reduce((sum, each) => sum + each * frames, 0);
  let before = 0;
  for (const [index, { name, label, options, model: own = model }] of cells.entries()) {
    const { batch = 1 } = options;
    const output = outputs.get(name)!;
    // Whole batches only, so that every frame is computed in the company it would have had without the interruption.
    if (output.count < frames) await output.truncate(Math.floor(output.count / batch) * batch);
    for (let first = output.count; first < frames; first += batch) {
      const count = Math.min(batch, frames - first);
      const group: Tensor<'float32'>[] = [];
      for (let i = first; i < first + count; i++) group.push(await readLatent(i));
      signal?.throwIfAborted();
      const edited = await restyleLatents(own, group, first, {
        ...options,
        onStep: ({ step }) => {
          signal?.throwIfAborted();
          onProgress?.({
            done: before + first * evaluations[index] + count * step,
            total,
            label: `denoising ${label}`,
          });
        },
      });
      for (const [i, latent] of edited.entries()) {
        await output.append((await decodeFrame(model, latent, first + i)).data);
        onFrame?.(index * frames + output.count, cells.length * frames);
      }
      await output.flush();
    }
    before += evaluations[index] * frames;
  }
}
