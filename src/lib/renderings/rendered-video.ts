// The pipeline from a video to its renderings: it is read and encoded once, rendered under each setting, measured against
// the source, and written as files. Unfinished work is in journals in a work folder; a later process continues
// bit-identically.

import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { given } from '../base/given.js';
import { type JournalOptions, openJournal, type RecordJournal } from '../base/record-journal.js';
import { isAnchored } from '../diffusion/anchored-img2img.js';
import { isMasked, type MaskSettings, maskWeights } from '../diffusion/mask.js';
import { mapsOf, openMaps, type SeenFrame, shownFiles } from '../diffusion/seen-frames.js';
import { type Measured, type MeasureOptions, measure } from '../metrics/measure.js';
import type { Model } from '../models/model.js';
import { withDefaults } from '../settings/defaults.js';
import { isScheduled } from '../settings/schedule.js';
import { RENDER, STEADY } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import { gridFrames } from '../video/layout/grid.js';
import type { Video } from '../video/read/video.js';
import type { FrameTimes } from '../video/times/frame-times.js';
import { writeVideo } from '../video/write/write-video.js';
import {
  encodeSource,
  type FilledRendering,
  fillWarpedNoise,
  type MovingNoise,
  type RenderHooks,
  readSource,
  recordSizes,
  seenAt,
} from './fill-journals.js';
import { LATENTS, ROUND_TRIP, SOURCE_JOURNAL } from './journal-names.js';
import { renderLatents } from './render-latents.js';
import type { Rendering } from './rendering.js';

/** Frames that can be read as often as needed. */
export type Readable = () => AsyncIterable<Frame>;

/** What is known of videos that are measured. */
export interface JudgedWith extends Pick<MeasureOptions, 'trueMotion'> {
  /** The mask under which they were rendered. */
  readonly masked?: MaskSettings;
}

/** What written videos have besides their frames. */
export interface WrittenWith {
  /** The file whose sound they get. */
  readonly audioFrom?: string | undefined;
  /** Texts for their metadata, by file name. */
  readonly comments?: Readonly<Record<string, string | undefined>>;
}

/** A video in a work folder, encoded, with renderings of it. */
export interface RenderedVideo {
  /** Number of frames of the source and of each rendering. */
  readonly frames: number;
  readonly source: () => AsyncGenerator<Frame, void, undefined>;
  /** The source after the VAE's encoder and decoder: the floor of any edit by this model. */
  readonly roundTrip: () => AsyncGenerator<Frame, void, undefined>;
  /** What the model's controls see of a frame. */
  readonly seen: (index: number) => Promise<SeenFrame>;
  /** The frames of the source with the times and the path of the video. */
  readonly opened: Video;
  /** Renders those that are not rendered yet. */
  render(renderings: readonly Rendering[]): Promise<void>;
  /** The frames of a rendering by its name. */
  rendering(name: string): AsyncGenerator<Frame, void, undefined>;
  /** Measures outputs against the source. */
  judge<Name extends string>(outputs: Readonly<Record<Name, Readable>>, known?: JudgedWith): Promise<Measured<Name>>;
  /** Writes videos by file name into a folder, with the source's times. */
  write(out: string, videos: Readonly<Record<string, Readable>>, more?: WrittenWith): Promise<FrameTimes>;
  close(): Promise<void>;
}

/** Whether an earlier process left work in a folder that can be continued. */
export async function hasRendered(work: string): Promise<boolean> {
  return stat(join(work, LATENTS)).then(
    ({ size }) => size > 0,
    () => false,
  );
}

/** Bytes of the journals of a video with this number of renderings (`picturesOf`). */
export function workBytes(model: Model, video: Video, frames: number, renderings: number): number {
  const { frameBytes, latentBytes } = recordSizes(model, video);
  return frames * ((renderings + 2 + mapsOf(model).length) * frameBytes + latentBytes);
}

/** A grid of labelled videos, the first one top left. */
export function gridOf(entries: readonly (readonly [label: string, read: Readable])[], columns: number): Readable {
  const labels = entries.map(([label]) => label);
  return () =>
    gridFrames(
      entries.map(([, read]) => read()),
      { columns, labels },
    );
}

/**
 * Reads a video into a work folder and encodes its frames, continuing what an earlier process began.
 *
 * @param expected number of renderings (`picturesOf`), for a warning about too little disk space
 * @throws UsageError when the video has no frames; FailureError when numbers turn NaN or the disk is full
 */
export async function openRenderedVideo(
  model: Model,
  video: Video,
  { work, expected }: { readonly work: string; readonly expected: number },
  hooks: RenderHooks,
): Promise<RenderedVideo> {
  const { width, height } = video;
  const { frameBytes, latentBytes, latentShape } = recordSizes(model, video);
  const { onProgress, onWarning, signal } = hooks;
  const journals: RecordJournal[] = [];
  const journal = async (name: string, bytes: number, how: JournalOptions = hooks): Promise<RecordJournal> => {
    const opened = await openJournal(join(work, name), bytes, how);
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
    if (video.expectedFrames !== undefined) {
      await warnOfLittleSpace(work, workBytes(model, video, video.expectedFrames, expected), onWarning);
    }
    // Decoding again is fast and gives the same frames; whether an earlier process reached the end is unknown.
    const source = await journal(SOURCE_JOURNAL, frameBytes, { fresh: true });
    await readSource(video, source, hooks);
    const latents = await journal(LATENTS, latentBytes);
    const roundTrip = await journal(ROUND_TRIP, frameBytes);
    await encodeSource(model, video, { source, latents, roundTrip }, hooks);
    const outputs = new Map<string, RecordJournal>();
    const maps = new Map<string, RecordJournal>();
    /** Reads the maps of controls that were not read yet. */
    const readMaps = async (controlled: Pick<Model, 'controls'>, settings: MaskSettings = {}): Promise<void> => {
      const shown = shownFiles(controlled, settings);
      const isNew = (path: string): boolean => !maps.has(path);
      const unread = { maps: shown.maps.filter(isNew), masks: shown.masks.filter(isNew) };
      for (const [path, map] of await openMaps(unread, video, given({ signal, onWarning }))) {
        const pictures = await journal(`map-${maps.size}.rgb`, frameBytes, { fresh: true });
        await readSource({ ...map, expectedFrames: source.count }, pictures, hooks);
        maps.set(path, pictures);
      }
    };
    const noises = new Map<string, MovingNoise>();
    /** The noise of a rendering's frames where it moves with them; renderings of one seed share it. */
    const noiseOf = async ({ options }: Rendering): Promise<{ noise?: MovingNoise }> => {
      const { noise, seed, noiseDraw: draw, flow } = withDefaults({ ...RENDER, flow: STEADY.flow }, options);
      if (noise !== 'warped') return {};
      const name = `noise-${seed}-${draw}-${flow}.f32`;
      const made = { seed, draw, shape: latentShape, flow };
      const moving = noises.get(name) ?? { journal: await journal(name, latentBytes), options: made };
      noises.set(name, moving);
      if (!options.steady) await fillWarpedNoise({ source, video }, moving, hooks);
      return { noise: moving };
    };
    return {
      frames: source.count,
      source: () => framesOf(source),
      opened: { ...video, frames: () => framesOf(source) },
      async seen(index) {
        await readMaps(model);
        return seenAt({ source, video, maps }, index);
      },
      roundTrip: () => framesOf(roundTrip),
      async render(renderings) {
        for (const { name } of renderings) {
          if (!outputs.has(name)) outputs.set(name, await journal(`${name}.rgb`, frameBytes));
        }
        for (const { model: own = model, options } of renderings) await readMaps(own, options);
        const filled: FilledRendering[] = [];
        for (const rendering of renderings) {
          const output = outputs.get(rendering.name)!;
          const together = isAnchored(rendering.options) && output.count < source.count;
          const steps = together && { steps: await journal(`${rendering.name}.steps.f32`, latentBytes) };
          filled.push({ ...rendering, output, ...(await noiseOf(rendering)), ...steps });
        }
        const scheduled = renderings.some(({ options }) => isScheduled(options));
        const times = scheduled && { times: (await video.times()).times };
        await renderLatents(model, { source, latents, latentShape, video, maps, journal, ...times }, filled, hooks);
      },
      rendering: (name) => framesOf(outputs.get(name)!),
      judge<Name extends string>(
        readable: Readonly<Record<Name, Readable>>,
        { masked = {}, ...truth }: JudgedWith = {},
      ) {
        const entries = Object.entries<Readable>(readable).map(([name, read]) => [name, read()]);
        const read = Object.fromEntries(entries) as Record<Name, AsyncIterable<Frame>>;
        const mask = async (index: number): Promise<Float32Array> =>
          maskWeights(await seenAt({ source, video, maps }, index), masked);
        const options = {
          ...truth,
          ...(isMasked(masked) && { mask }),
          ...given({ expectedFrames: source.count, onProgress, signal }),
        };
        return measure(framesOf(source), read, options);
      },
      async write(out, videos, { audioFrom, comments = {} } = {}) {
        const timing = await video.times();
        const { frameRate, start } = timing;
        const audio = audioFrom === undefined ? undefined : { path: audioFrom, start };
        const encode = { frameRate, timing, ...given({ signal, onWarning, audioFrom: audio }) };
        const files = Object.entries(videos);
        for (const [done, [name, read]] of files.entries()) {
          onProgress?.({ done, total: files.length, label: 'writing videos' });
          await writeVideo(join(out, name), read(), { ...encode, ...given({ comment: comments[name] }) });
        }
        onProgress?.({ done: files.length, total: files.length, label: 'writing videos' });
        return timing;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function warnOfLittleSpace(work: string, needed: number, onWarning?: (message: string) => void): Promise<void> {
  const { bavail, bsize } = await statfs(work);
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
  if (bavail * bsize >= needed) return;
  const free = megabytes(bavail * bsize);
  onWarning?.(`${work}: about ${megabytes(needed)} are needed there until all is done, but ${free} are free`);
}
