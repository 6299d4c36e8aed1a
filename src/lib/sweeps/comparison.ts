// Renders one video several times over, cell by cell, and compares the results: videos, grid, metrics, curves. Resumable.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';
import { UsageError } from '../base/errors.js';
import { sha256File } from '../base/hash.js';
import { VERSION } from '../base/version.js';
import type { DenoiseOptions } from '../diffusion/img2img.js';
import { noiseSchedule } from '../diffusion/noise-schedule.js';
import type { NoiseMode } from '../diffusion/restyle.js';
import { firstTimestep } from '../diffusion/strength.js';
import { measure } from '../metrics/measure.js';
import type { Measurement } from '../metrics/measurement.js';
import type { Model } from '../models/model.js';
import { gridFrames } from '../video/grid.js';
import { type OpenVideoOptions, openVideo } from '../video/open-video.js';
import { writeVideo } from '../video/write-video.js';
import {
  type ComparisonFolder,
  type FolderOptions,
  hashVideo,
  openComparisonFolder,
  type Settings,
} from './comparison-folder.js';
import { writeCurves } from './curves.js';
import { type Cell, type RenderedCells, type RenderHooks, renderCells } from './render-cells.js';

/** What all comparisons have in common. */
export interface ComparisonOptions
  extends DenoiseOptions,
    FolderOptions,
    RenderHooks,
    Pick<OpenVideoOptions, 'size' | 'start' | 'duration' | 'frames' | 'every' | 'crop' | 'frameRate'> {
  /** Which draw of a seed's generator is the noise; see `RestyleOptions`. */
  noiseDraw?: number;
  /** Frames that go through the network together; 1 by default. */
  batch?: number;
  /** Columns of the grid; as square as possible by default. */
  columns?: number;
  /** Copy the source's sound into the videos. */
  audio?: boolean;
  /** Told about damaged frames and the like. */
  onWarning?: (message: string) => void;
}

/** One cell's results. */
export interface CellResult {
  strength: number;
  seed: number;
  noise: NoiseMode;
  /** The first executed timestep: by it, not by strength, samplers compare. */
  firstTimestep: number;
  /** Absolute path of the cell's video. */
  video: string;
  metrics: Measurement['means'];
}

/** What a comparison gives, and what `result.json` holds. */
export interface ComparisonResult {
  /** Absolute path of the folder. */
  out: string;
  /** The grid: the original first, then the cells in their order. */
  grid: string;
  /** Metric curves of all videos as a CSV table. */
  curves: string;
  frames: number;
  frameRate: number;
  width: number;
  height: number;
  /** The source's own values: the floor of every metric of consistency. */
  source: Measurement['means'];
  /** Those of the source after a VAE round trip: what no edit of this model can do better than. */
  roundTrip: Measurement['means'];
  cells: CellResult[];
  settings: Settings;
}

/** What a comparison will do. */
export interface ComparisonPlan {
  cells: { label: string; strength: number; seed: number; noise: NoiseMode; firstTimestep: number }[];
  width: number;
  height: number;
  frameRate: number;
  /** Frames that will be rendered, where the source says. */
  frames?: number;
}

/** Says what a comparison would do, after checking everything that can be checked without rendering. */
export async function planComparison(
  model: Model,
  path: string,
  cells: readonly Cell[],
  options: ComparisonOptions,
): Promise<ComparisonPlan> {
  checkCells(cells);
  const video = await openSource(model, path, options);
  return {
    cells: cells.map((cell) => ({ label: cell.label, ...describe(model, cell) })),
    width: video.width,
    height: video.height,
    frameRate: video.frameRate,
    ...(video.expectedFrames !== undefined && { frames: video.expectedFrames }),
  };
}

/**
 * Renders and compares.
 *
 * Nothing stands under its final name before it is whole; after an interruption, `resume` continues to the same bits.
 *
 * @throws UsageError for a bad video, strength or folder; FailureError when latents turn NaN or the disk is full
 */
export async function compareCells(
  kind: string,
  model: Model,
  path: string,
  cells: readonly Cell[],
  options: ComparisonOptions,
): Promise<ComparisonResult> {
  checkCells(cells);
  const video = await openSource(model, path, options);
  const settings = await settingsOf(kind, model, path, cells, options);
  const folder = await openComparisonFolder(kind, path, settings, options);
  if (folder.finished !== null) return located(folder.out, JSON.parse(await readFile(folder.finished, 'utf8')));

  const rendered = await renderCells(model, video, cells, folder.work, options);
  try {
    const { measured, roundTrip } = await measureCells(rendered, cells, options);
    await writeVideos(rendered, cells, folder, video.frameRate, path, options);
    const curves = { source: measured.source, 'round-trip': roundTrip };
    const byName = Object.fromEntries(cells.map(({ name }) => [name, measured.outputs[name]]));
    await writeCurves(join(folder.out, 'curves.csv'), { ...curves, ...byName });
    const result: ComparisonResult = {
      out: folder.out,
      grid: 'grid.mp4',
      curves: 'curves.csv',
      frames: rendered.frames,
      frameRate: video.frameRate,
      width: video.width,
      height: video.height,
      source: measured.source.means,
      roundTrip: roundTrip.means,
      cells: cells.map((cell) => ({
        ...describe(model, cell),
        video: `${cell.name}.mp4`,
        metrics: measured.outputs[cell.name].means,
      })),
      settings,
    };
    const { out: _, ...stored } = result;
    await writeFileAtomic(join(folder.out, 'result.json'), `${JSON.stringify(stored, null, 1)}\n`);
    await rendered.close();
    await rm(folder.work, { recursive: true, force: true });
    return located(folder.out, result);
  } finally {
    await rendered.close().catch(() => {});
  }
}

function openSource(model: Model, path: string, options: ComparisonOptions) {
  const { size, start, duration, frames, every, crop, frameRate, signal, onWarning } = options;
  const chosen = Object.entries({ size, start, duration, frames, every, crop, frameRate, signal, onWarning });
  const given = Object.fromEntries(chosen.filter(([, value]) => value !== undefined)) as OpenVideoOptions;
  return openVideo(path, given).then((video) => {
    const factor = model.config.vaeFactor;
    if (video.width % factor === 0 && video.height % factor === 0) return video;
    throw new UsageError(
      `${path}: frames of ${video.width}x${video.height} do not fit this model, whose sides must be multiples of ${factor}; pass a size`,
    );
  });
}

function checkCells(cells: readonly Cell[]): void {
  if (cells.length === 0)
    throw new UsageError('comparison: there is nothing to render; give at least one strength and seed');
  const names = cells.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UsageError(`comparison: ${twice} is given twice; name each strength and seed once`);
}

function describe(model: Model, { options }: Cell) {
  const { strength, sampler = 'ddim', steps = 50, seed = 42, noise = 'fixed' } = options;
  const schedule = noiseSchedule(model.config.schedule);
  return { strength, seed: Number(seed), noise, firstTimestep: firstTimestep(sampler, steps, strength, schedule) };
}

async function settingsOf(
  kind: string,
  model: Model,
  path: string,
  cells: readonly Cell[],
  options: ComparisonOptions,
): Promise<Settings> {
  const { size, start, duration, frames, every, crop, frameRate, columns, audio } = options;
  const hashes = async (files: readonly string[]): Promise<string[]> => Promise.all(files.map(sha256File));
  const {
    prompt,
    negativePrompt = '',
    steps = 50,
    sampler = 'ddim',
    guidanceScale = 7.5,
    noiseDraw = 1,
    batch = 1,
  } = options;
  const settings = {
    kind,
    version: VERSION,
    video: await hashVideo(path),
    selection: { size, start, duration, frames, every, crop, frameRate },
    model: (await hashes(model.checkpoint.files)).sort(),
    loras: await Promise.all(
      model.loras.map(async ({ file, scale = 1 }) => ({ sha256: await sha256File(file), scale })),
    ),
    device: model.device,
    denoise: { prompt, negativePrompt, steps, sampler, guidanceScale, noiseDraw, batch },
    cells: cells.map(({ name, options: { strength, seed = 42, noise = 'fixed' } }) => ({
      name,
      strength,
      seed: String(seed),
      noise,
    })),
    columns,
    audio,
  };
  return JSON.parse(JSON.stringify(settings));
}

async function measureCells(rendered: RenderedCells, cells: readonly Cell[], { onProgress, signal }: RenderHooks) {
  const outputs = Object.fromEntries(cells.map(({ name }) => [name, rendered.cell(name)]));
  const measured = await measure(
    rendered.source(),
    { ...outputs, 'round-trip': rendered.roundTrip() } as Record<string, ReturnType<RenderedCells['source']>>,
    {
      onFrame: (done) => {
        signal?.throwIfAborted();
        onProgress?.({ done, total: rendered.frames, label: 'measuring' });
      },
    },
  );
  return { measured, roundTrip: measured.outputs['round-trip'] };
}

async function writeVideos(
  rendered: RenderedCells,
  cells: readonly Cell[],
  { out }: ComparisonFolder,
  frameRate: number,
  source: string,
  { columns, audio, start, duration, signal }: ComparisonOptions,
): Promise<void> {
  const encode = {
    frameRate,
    ...(signal && { signal }),
    ...(audio && {
      audioFrom: source,
      ...(start !== undefined && { start }),
      ...(duration !== undefined && { duration }),
    }),
  };
  await writeVideo(join(out, 'round-trip.mp4'), rendered.roundTrip(), encode);
  for (const { name } of cells) await writeVideo(join(out, `${name}.mp4`), rendered.cell(name), encode);
  const frames = gridFrames([rendered.source(), ...cells.map(({ name }) => rendered.cell(name))], {
    columns: columns ?? Math.ceil(Math.sqrt(cells.length + 1)),
    labels: ['original', ...cells.map(({ label }) => label)],
  });
  await writeVideo(join(out, 'grid.mp4'), frames, encode);
}

/** Absolute paths, whatever the folder was called when the result was stored. */
function located(out: string, result: Omit<ComparisonResult, 'out'>): ComparisonResult {
  return {
    ...result,
    out,
    grid: join(out, result.grid),
    curves: join(out, result.curves),
    cells: result.cells.map((cell) => ({ ...cell, video: join(out, cell.video) })),
  };
}
