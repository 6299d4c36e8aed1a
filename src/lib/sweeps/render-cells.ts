// Renders the frames of each cell of a comparison into journals in the work folder, continuing where an earlier process stopped.

import { join } from 'node:path';
import { UsageError } from '../base/errors.js';
import type { OnProgress } from '../base/progress.js';
import { decodeFrame, encodeFrame, type RestyleOptions, restyleLatents } from '../diffusion/restyle.js';
import { stepsForStrength } from '../diffusion/strength.js';
import type { Model } from '../models/model.js';
import type { Frame } from '../tensor/frame.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import type { Video } from '../video/open-video.js';
import { openJournal, type RecordJournal } from './record-journal.js';

/** One rendering of the video: a name for its files, a label for the grid, and its settings. */
export interface Cell {
  readonly name: string;
  readonly label: string;
  readonly options: RestyleOptions;
}

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
  onProgress?: OnProgress;
  signal?: AbortSignal;
}

/**
 * Decodes the video, encodes its frames once, and renders every cell.
 *
 * @throws UsageError when the video has no frames; FailureError when latents turn NaN or the disk is full
 */
export async function renderCells(
  model: Model,
  video: Video,
  cells: readonly Cell[],
  work: string,
  { onProgress, signal }: RenderHooks,
): Promise<RenderedCells> {
  const { width, height } = video;
  const frameBytes = 3 * width * height;
  const factor = model.config.vaeFactor;
  const latentShape = [1, model.config.vae.latentChannels, height / factor, width / factor];
  const latentBytes = latentShape.reduce((product, side) => product * side, 4);
  const journals: RecordJournal[] = [];
  const journal = async (name: string, bytes: number): Promise<RecordJournal> => {
    const opened = await openJournal(join(work, name), bytes);
    journals.push(opened);
    return opened;
  };
  const close = async (): Promise<void> => {
    for (const opened of journals) await opened.close();
  };
  try {
    const source = await journal('source.rgb', frameBytes);
    // Decoding again is quick and gives the same frames; whether an earlier process reached the end is not known.
    await source.truncate(0);
    for await (const frame of video.frames()) {
      signal?.throwIfAborted();
      await source.append(frame.data);
    }
    if (source.count === 0) throw new UsageError(`${video.path}: no frames were found; check start and duration`);

    const latents = await journal('latents.f32', latentBytes);
    const roundTrip = await journal('round-trip.rgb', frameBytes);
    const both = Math.min(latents.count, roundTrip.count);
    await latents.truncate(both);
    await roundTrip.truncate(both);
    for (let i = both; i < source.count; i++) {
      signal?.throwIfAborted();
      onProgress?.({ done: i, total: source.count, label: 'encoding' });
      const latent = await encodeFrame(model, { width, height, data: await source.read(i) });
      await latents.append(new Uint8Array(latent.data.buffer, latent.data.byteOffset, latent.data.byteLength));
      await roundTrip.append((await decodeFrame(model, latent)).data);
    }
    onProgress?.({ done: source.count, total: source.count, label: 'encoding' });

    const readLatent = async (i: number): Promise<Tensor<'float32'>> =>
      tensor('float32', latentShape, new Float32Array((await latents.read(i)).buffer));
    const passes = cells.map(({ options }) => stepsForStrength(options.steps ?? 50, options.strength));
    const total = passes.reduce((sum, steps) => sum + steps * source.count, 0);
    let before = 0;
    const rendered = new Map<string, RecordJournal>();
    for (const [index, cell] of cells.entries()) {
      const { batch = 1 } = cell.options;
      const output = await journal(`${cell.name}.rgb`, frameBytes);
      // Whole batches only, so that every frame is computed in the company it would have had without the interruption.
      if (output.count < source.count) await output.truncate(Math.floor(output.count / batch) * batch);
      for (let first = output.count; first < source.count; first += batch) {
        const count = Math.min(batch, source.count - first);
        const group = await Promise.all(Array.from({ length: count }, (_, i) => readLatent(first + i)));
        const edited = await restyleLatents(model, group, first, {
          ...cell.options,
          onStep: ({ step }) => {
            signal?.throwIfAborted();
            const done = before + first * passes[index] + Math.min(count * step, count * passes[index]);
            onProgress?.({ done, total, label: `denoising ${cell.label}` });
          },
        });
        for (const latent of edited) await output.append((await decodeFrame(model, latent)).data);
      }
      before += passes[index] * source.count;
      rendered.set(cell.name, output);
    }

    const framesOf = async function* (from: RecordJournal): AsyncGenerator<Frame, void, undefined> {
      for await (const data of from.records()) yield { width, height, data };
    };
    return {
      frames: source.count,
      source: () => framesOf(source),
      roundTrip: () => framesOf(roundTrip),
      cell: (name) => framesOf(rendered.get(name)!),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
