// The files of runs, sorted into videos, pictures and other files.

import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { FailureError } from '../lib/base/errors.js';
import { type ArtifactOwner, GONE } from '../lib/tracking/stored/artifact-file.js';
import {
  type Artifact,
  type ArtifactRecords,
  artifactPath,
  readArtifactRecords,
} from '../lib/tracking/stored/artifact-records.js';
import { RUN_FILES } from '../lib/tracking/stored/run-record.js';

/** A file of a run. */
export interface RunFile {
  /** Its name in the run. */
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
  readonly bytes: number;
  readonly kind: 'video' | 'picture' | 'other';
  /** The URL for pages. */
  readonly url?: string | undefined;
  /** Why a page cannot show it. */
  readonly problem?: string | undefined;
  /** For a picture of a series: which series, and which step. */
  readonly image?: Artifact['image'];
}

/** The URL of an existing artifact, or the reason why it has none. */
export type FileUrl = (
  path: string,
  run: ArtifactOwner,
  artifact: Artifact,
) => Promise<{ readonly url: string } | { readonly problem: string }>;

const VIDEOS = ['.mp4', '.webm', '.m4v'];
const PICTURES = ['.png', '.jpg', '.jpeg', '.webp', '.gif'];

/** The files of a run, videos of its result first. */
export async function filesOfRun(run: ArtifactOwner, urlOf: FileUrl): Promise<RunFile[]> {
  const { folder } = run;
  const { artifacts, refused } = await recordsOf(folder);
  const files = await Promise.all(
    artifacts.map(async (artifact): Promise<RunFile> => {
      const { name, image, bytes } = artifact;
      const path = artifactPath(folder, artifact);
      const kind = kindOf(name);
      const about = await stat(path).catch(() => undefined);
      if (!about?.isFile()) return { name, path, bytes, kind, image, problem: GONE };
      return { name, path, bytes: about.size, kind, image, ...(await urlOf(path, run, artifact)) };
    }),
  );
  const path = join(folder, RUN_FILES.artifactRecords);
  const others = refused.map(
    (problem): RunFile => ({ name: RUN_FILES.artifactRecords, path, bytes: 0, kind: 'other', problem }),
  );
  return [...files.sort((a, b) => rank(a) - rank(b)), ...others];
}

/** The records of artifacts.jsonl; if the file cannot be read, that is reported like a damaged record. */
export async function recordsOf(folder: string): Promise<ArtifactRecords> {
  try {
    return await readArtifactRecords(folder);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { artifacts: [], refused: [error.message] };
  }
}

/** The kind of a file, by its extension. */
export function kindOf(name: string): RunFile['kind'] {
  const extension = extname(name).toLowerCase();
  return VIDEOS.includes(extension) ? 'video' : PICTURES.includes(extension) ? 'picture' : 'other';
}

/** Whether a file is a report of ours, by its name. */
export function isReport(name: string): boolean {
  return /(^|\/)report\.html$/.test(name);
}

/** What a video shows, by its name. A side-by-side video is no video of a result: players would compare it with one. */
export function roleOf(name: string): 'result' | 'source' | 'check' | 'side by side' {
  if (/grid|compar|side.?by.?side/i.test(name)) return 'side by side';
  if (/round.?trip|preview/i.test(name)) return 'check';
  return /source|original|input/i.test(name) ? 'source' : 'result';
}

const ROLES = ['result', 'source', 'check', 'side by side'];

/** The display order: videos of the result before other videos. */
function rank({ name, kind }: RunFile): number {
  return kind === 'video' ? ROLES.indexOf(roleOf(name)) : kind === 'picture' ? 10 : 20;
}
