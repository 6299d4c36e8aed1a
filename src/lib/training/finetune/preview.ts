// Renders a few frames of the video with the UNet's current weights during training, and measures them.

import { join, resolve } from 'node:path';
import { damageOf, type FileHashes, hashFiles, readSealedJson, writeSealedJson } from '../../base/sealed-json.js';
import { streamed } from '../../base/streamed.js';
import { noiseSchedule } from '../../diffusion/noise-schedule.js';
import { type RenderedFrame, withPrevious } from '../../diffusion/previous-frame.js';
import { decodeFrame, encodeFrame, type RestyleOptions, restyleLatents } from '../../diffusion/restyle.js';
import { type SeenFrame, seenFrames, shownFiles } from '../../diffusion/seen-frames.js';
import { firstTimestep } from '../../diffusion/strength.js';
import { measure } from '../../metrics/measure.js';
import type { Measurement } from '../../metrics/measurement.js';
import type { Model } from '../../models/model.js';
import { withDefaults } from '../../settings/defaults.js';
import type { OptionsOf } from '../../settings/setting.js';
import { identifyingSettings } from '../../settings/stored.js';
import { COURSE, RENDER } from '../../settings/table.js';
import type { Frame } from '../../tensor/frame.js';
import type { Tensor } from '../../tensor/tensor.js';
import { contactSheet } from '../../video/layout/contact-sheet.js';
import type { Video } from '../../video/read/video.js';
import { writePicture } from '../../video/still.js';
import { pickInOrder } from '../../video/times/frame-times.js';
import { iterationName, replaceFolder } from './folder.js';

const {
  prompt: _,
  noise: _noise,
  noiseDraw: _draw,
  batch: _batch,
  anchor: _anchor,
  adain: _adain,
  ...PREVIEWED
} = RENDER;

/**
 * Settings of previews.
 *
 * @inline
 */
export interface PreviewOptions extends OptionsOf<typeof PREVIEWED> {
  /** By default that of the first edit. */
  readonly prompt?: string;
  /** Number of successive frames in the middle of the video; 4 by default. Metrics between frames need at least two. */
  readonly frames?: number;
  /** Index of the first frame, in place of the middle. */
  readonly from?: number;
}

/**
 * A rendered preview. Paths are absolute.
 *
 * @inline
 */
export interface Preview {
  readonly iteration: number;
  readonly prompt: string;
  readonly strength: number;
  readonly firstTimestep: number;
  readonly guidanceScale: number;
  /** Index of the first frame of `pictures`. */
  readonly from: number;
  readonly pictures: readonly string[];
  /** Originals above, renderings below. */
  readonly sheet: string;
  /** Means over the rendered frames, compared with their originals. */
  readonly metrics: Measurement['means'];
}

/** The parts of previews that do not change during a training. */
export interface PreviewPlan {
  readonly out: string;
  readonly from: number;
  readonly seen: readonly SeenFrame[];
  readonly latents: readonly Tensor<'float32'>[];
  readonly settings: RestyleOptions & { strength: number; guidanceScale: number; seed: number };
  readonly firstTimestep: number;
}

/** Settings of previews with the defaults of renderings. */
export function previewSettings(options: PreviewOptions, prompt: string): PreviewPlan['settings'] {
  return { prompt: options.prompt ?? prompt, ...identifyingSettings(PREVIEWED, options) };
}

/** Indices of the preview's frames in a video of `count` frames. */
export function previewFrames(
  count: number,
  { frames = COURSE.previewFrames.default, from }: PreviewOptions,
): number[] {
  const shown = Math.min(frames, count);
  const first = Math.min(from ?? Math.floor((count - shown) / 2), count - shown);
  return Array.from({ length: shown }, (_, i) => first + i);
}

/**
 * Encodes the frames of previews.
 *
 * @throws UsageError for a strength that runs no step or is outside (0, 1], or a map that does not fit the video
 */
export async function planPreviews(
  model: Model,
  out: string,
  { frames, settings }: { readonly frames: readonly number[]; readonly settings: PreviewPlan['settings'] },
  video: Video,
): Promise<PreviewPlan> {
  const { sampler, steps, strength } = withDefaults(RENDER, settings);
  const timestep = firstTimestep(sampler, steps, strength, noiseSchedule(model.config.schedule));
  const seen: SeenFrame[] = [];
  for await (const each of pickInOrder(seenFrames(shownFiles(model), video), frames)) seen.push(each);
  const latents: Tensor<'float32'>[] = [];
  for (const [i, { frame }] of seen.entries()) latents.push(await encodeFrame(model, frame, frames[i]));
  return { out, from: frames[0], seen, latents, settings, firstTimestep: timestep };
}

/**
 * Renders a preview into `previews/ITERATION`. An existing one is identical and read instead.
 *
 * @throws FailureError when latents turn NaN, or the disk is full
 */
export async function renderPreview(
  model: Model,
  iteration: number,
  plan: PreviewPlan,
  signal?: AbortSignal,
): Promise<Preview> {
  const known = await readPreview(plan.out, iteration);
  if (known) return known;
  const { from, seen, latents, settings } = plan;
  const originals = seen.map(({ frame }) => frame);
  const frames: Frame[] = [];
  let before: RenderedFrame | undefined;
  for (const [i, latent] of latents.entries()) {
    const at = { ...seen[i], index: from + i };
    const shown = await withPrevious(model, at, before, {});
    const onStep = (): void => signal?.throwIfAborted();
    const [edited] = await restyleLatents(model, [latent], at.index, { ...settings, seen: [shown], onStep });
    const rendered = await decodeFrame(model, edited, at.index);
    before = { ...at, rendered };
    frames.push(rendered);
  }
  const { outputs } = await measure(streamed(originals), { preview: streamed(frames) });
  const { prompt, strength, guidanceScale } = settings;
  const files = frames.map((_, i) => `frame-${String(from + i).padStart(5, '0')}.png`);
  const stored: Preview = {
    ...{ iteration, prompt, strength, guidanceScale, from },
    firstTimestep: plan.firstTimestep,
    pictures: files,
    sheet: 'sheet.png',
    metrics: outputs.preview.means,
  };
  await replaceFolder(previewFolder(plan.out, iteration), async (temporary) => {
    for (const [i, file] of files.entries()) await writePicture(join(temporary, file), frames[i]);
    const labels = {
      columns: frames.map((_, i) => `frame ${from + i}`),
      rows: ['original', `iteration ${iteration}`],
    };
    const sheet = await contactSheet([...originals, ...frames], { columns: frames.length, labels });
    await writePicture(join(temporary, stored.sheet), sheet);
    await writeSealedJson(join(temporary, 'preview.json'), { ...stored, files: await hashFiles(temporary) });
  });
  return (await readPreview(plan.out, iteration))!;
}

/** The stored preview of a training in `out` at an iteration; null if there is none or it is damaged. */
export async function readPreview(out: string, iteration: number): Promise<Preview | null> {
  const folder = previewFolder(out, iteration);
  const stored = await readSealedJson<Preview & { files?: FileHashes }>(join(folder, 'preview.json')).catch(() => null);
  if (stored === null) return null;
  const { files, ...preview } = stored.value;
  if ((await damageOf(folder, files)).length > 0) return null;
  return {
    ...preview,
    pictures: preview.pictures.map((file) => join(folder, file)),
    sheet: join(folder, preview.sheet),
  };
}

function previewFolder(out: string, iteration: number): string {
  return join(resolve(out), 'previews', iterationName(iteration));
}
