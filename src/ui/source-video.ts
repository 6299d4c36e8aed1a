// The source video of compared runs: a file of theirs or of their parent, else the first cell of a side-by-side video.

import { type VideoShape, videoShape } from '../lib/video/read/video-shape.js';
import type { ComparedRun, ComparedVideo } from './compared-run.js';
import { type FileUrl, filesOfRun, type RunFile, roleOf } from './run-media.js';
import type { RunsState } from './run-source.js';

/** What a source is searched for. */
interface Search {
  readonly state: RunsState;
  readonly runs: readonly ComparedRun[];
  /** The shape of the first result, of which a cell is one part. */
  readonly result: VideoShape | undefined;
  readonly urlOf: FileUrl;
}

/** The most runs whose files are searched. */
const MOST_SEARCHED = 8;

/** The source, if all runs have the same one. */
export async function findSource({ state, runs, result, urlOf }: Search): Promise<ComparedVideo | undefined> {
  const inputs = runs.map((run) => run.inputs.find(({ kind }) => kind === 'video')?.sha256 ?? run.parent ?? run.id);
  if (new Set(inputs).size > 1) return undefined;
  const parent = state.runs.find(({ id }) => id === runs[0]?.parent);
  const files: RunFile[] = runs.slice(0, MOST_SEARCHED).flatMap((run) => run.files);
  if (parent !== undefined) files.push(...(await filesOfRun(parent, urlOf)));
  const videos = files.filter((file): file is ComparedVideo['file'] => file.kind === 'video' && file.url !== undefined);
  for (const role of ['source', 'side by side'] as const) {
    for (const file of videos) {
      if (roleOf(file.name) !== role) continue;
      const shape = await videoShape(file.path);
      const cell = shape && role === 'side by side' ? cellsOf(shape, result) : undefined;
      if (shape === undefined || (role === 'side by side' && cell === undefined)) continue;
      const own = cell && result ? { ...shape, width: result.width, height: result.height } : shape;
      return { name: `source of ${runs[0].place}`, label: 'source', place: '', file, shape: own, cell };
    }
  }
  return undefined;
}

/** The columns and rows of a grid of results; undefined if it is none. */
function cellsOf(grid: VideoShape, result: VideoShape | undefined): ComparedVideo['cell'] {
  if (result === undefined) return undefined;
  const [columns, rows] = [grid.width / result.width, grid.height / result.height];
  return Number.isInteger(columns) && Number.isInteger(rows) && columns * rows > 1 ? { columns, rows } : undefined;
}
