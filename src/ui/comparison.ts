// A comparison as data: the chosen runs with labels and files, and the videos that the player can synchronise.

import { parse } from 'node:path';
import { tellingNames } from '../lib/base/telling-names.js';
import type { ReportArm, ReportShot } from '../lib/report/report-data.js';
import { readProgress } from '../lib/tracking/stored/run-stages.js';
import { type VideoShape, videoShape } from '../lib/video/read/video-shape.js';
import type { ComparedRun, ComparedVideo } from './compared-run.js';
import { type FileUrl, filesOfRun, roleOf } from './run-media.js';
import type { PlacedRun, RunsState } from './run-source.js';
import { findSource } from './source-video.js';

/** The compared runs, and their videos. */
export interface Comparison {
  readonly runs: readonly ComparedRun[];
  /** Requested names that no run has. */
  readonly missing: readonly string[];
  /** The single requested run; where it has parts, those are compared. */
  readonly whole?: ComparedRun | undefined;
  /** All whose settings, metrics and files are shown: the compared ones, and the whole. */
  readonly all: readonly ComparedRun[];
  readonly videos: readonly ComparedVideo[];
  /** Names of the videos shown at first. */
  readonly grid: readonly string[];
  readonly shot?: ReportShot | undefined;
  /** Notes on the videos: that they differ, or that some are omitted. */
  readonly videoNotes: readonly string[];
}

/** The most runs that are compared, and the most whose videos are shown. */
const MOST_RUNS = 1000;
const MOST_VIDEOS = 24;

/** Collects a comparison of runs; `places` in display order. */
export async function collectComparison(
  state: RunsState,
  places: readonly string[],
  urlOf: FileUrl,
): Promise<Comparison> {
  const byPlace = new Map(state.runs.map((run) => [run.place, run]));
  const asked = [...new Set(places)].flatMap((place) => byPlace.get(place) ?? []).slice(0, MOST_RUNS);
  const parts = asked.length === 1 ? state.runs.filter(({ parent }) => parent === asked[0].id) : [];
  parts.sort((a, b) => a.start.localeCompare(b.start) || a.place.localeCompare(b.place, 'en', { numeric: true }));
  const found = parts.length > 0 ? parts.slice(0, MOST_RUNS) : asked;
  const labels = tellingNames(labelsOf(found));
  const runs: ComparedRun[] = [];
  for (const [i, run] of found.entries()) {
    runs.push({ ...run, label: labels[i], files: await filesOfRun(run, urlOf) });
  }
  const missing = places.filter((place) => !byPlace.has(place));
  const videos = await videosOf(runs, (result) => findSource({ state, runs, result, urlOf }));
  if (asked.length !== 1) return { runs, missing, all: runs, ...videos };
  const [{ folder }] = asked;
  const progress = asked[0].progress ?? readProgress(folder);
  const label = parts.length > 0 ? asked[0].name : labels[0];
  const files = parts.length > 0 ? await filesOfRun(asked[0], urlOf) : runs[0].files;
  const whole: ComparedRun = { ...asked[0], label, files, progress };
  return { runs, missing, whole, all: parts.length > 0 ? [...runs, whole] : runs, ...videos };
}

/** The arms of a player. */
export function videoArms(videos: readonly ComparedVideo[]): ReportArm[] {
  return videos.map(({ name, label, note, file }) => ({ name, label, note, video: file.url }));
}

/** The runs' names where they are unique, else with what distinguishes them. */
function labelsOf(runs: readonly PlacedRun[]): string[] {
  const times = (text: string): number => runs.filter(({ name }) => name === text).length;
  return runs.map(({ name, place, experiment }) => {
    if (times(name) === 1) return name;
    const folder = place.slice(place.indexOf('/') + 1);
    return runs.filter((other) => other.place.endsWith(`/${folder}`)).length === 1 ? folder : `${experiment}/${folder}`;
  });
}

async function videosOf(
  runs: readonly ComparedRun[],
  sourceOf: (result: VideoShape | undefined) => Promise<ComparedVideo | undefined>,
): Promise<Pick<Comparison, 'videos' | 'grid' | 'shot' | 'videoNotes'>> {
  const all = runs.flatMap((run) => {
    const own = run.files.filter(({ kind, url, name }) => {
      const role = roleOf(name);
      return kind === 'video' && url !== undefined && role !== 'side by side' && role !== 'source';
    });
    return own.map((file, i) => ({ run, file: file as ComparedVideo['file'], rank: i, several: own.length > 1 }));
  });
  // The first video of each run before the second of any.
  const chosen = all.sort((a, b) => a.rank - b.rank).slice(0, MOST_VIDEOS);
  const shapes = await inTurn(chosen, 3, ({ file }) => videoShape(file.path));
  const playable = chosen.flatMap(({ run, file, several }, i): ComparedVideo[] => {
    const shape = shapes[i];
    if (shape === undefined) return [];
    const { place } = run;
    const isOnly = !several || runs.length === 1;
    const label = runs.length === 1 ? parse(file.name).name : run.label;
    const name = several ? `${place}/${file.name}` : place;
    return [{ name, label, place, file, shape, ...(!isOnly && { note: file.name }) }];
  });
  const videoNotes: string[] = [];
  if (all.length > MOST_VIDEOS) videoNotes.push(`The first ${MOST_VIDEOS} of ${all.length} videos are shown.`);
  const broken = chosen.length - playable.length;
  if (broken > 0)
    videoNotes.push(
      `${broken === 1 ? 'One video' : `${broken} videos`} cannot be read and ${broken === 1 ? 'is' : 'are'} left out.`,
    );
  const source = await sourceOf(playable[0]?.shape);
  const videos = source === undefined ? playable : [source, ...playable];
  if (videos.length === 0) return { videos, grid: [], videoNotes };
  // At the size of the results: the source may have another.
  const { shot, notes } = commonShot([...playable, ...(source ? [source] : [])].map(({ shape }) => shape));
  const grid = videos.slice(0, 4).map(({ name }) => name);
  return { videos, grid, shot, videoNotes: [...videoNotes, ...notes] };
}

/** The form that the player uses: the first video's, with the shortest's length; and notes where the videos differ. */
function commonShot(shapes: readonly VideoShape[]): { shot: ReportShot; notes: string[] } {
  const [first] = shapes;
  const notes: string[] = [];
  const rates = new Set(shapes.map(({ frameRate }) => frameRate.toFixed(3)));
  if (rates.size > 1) {
    const rate = Number(first.frameRate.toFixed(3));
    notes.push(`The videos have different frame rates; frames are counted at ${rate} per second.`);
  }
  const lengths = shapes.map((shape) => Math.round((shape.frames / shape.frameRate) * first.frameRate));
  const [shortest, longest] = [Math.max(1, Math.min(...lengths)), Math.max(...lengths)];
  if (longest > shortest) {
    notes.push(
      `The videos are not equally long (${shortest} to ${longest} frames); the first ${shortest} frames are played.`,
    );
  }
  return { shot: { ...first, frames: shortest }, notes };
}

/** Maps items asynchronously, a few at a time. */
async function inTurn<T, R>(items: readonly T[], atOnce: number, ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const i = next++;
      answers[i] = await ask(items[i]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return answers;
}
