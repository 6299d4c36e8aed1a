// What runs have made, sorted into what a page can show: videos, pictures, and files to fetch.

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

/** A file that a run has made. */
export interface RunFile {
  /** Its name in the run. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly kind: 'video' | 'picture' | 'other';
  /** Where a page finds it. */
  readonly url?: string | undefined;
  /** Why a page cannot show it. */
  readonly problem?: string | undefined;
  /** Of a series of pictures: which, and at which step. */
  readonly image?: Artifact['image'];
}

/** Gives the URL of an artifact that is there, or the reason why there is none. */
export type FileUrl = (
  path: string,
  run: ArtifactOwner,
  artifact: Artifact,
) => Promise<{ readonly url: string } | { readonly problem: string }>;

const VIDEOS = ['.mp4', '.webm', '.m4v'];
const PICTURES = ['.png', '.jpg', '.jpeg', '.webp', '.gif'];

/** The files of a run, videos that show its result first. */
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

/** What artifacts.jsonl says; that it cannot be read is as good as a record that cannot be. */
async function recordsOf(folder: string): Promise<ArtifactRecords> {
  try {
    return await readArtifactRecords(folder);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { artifacts: [], refused: [error.message] };
  }
}

/** What a page can do with a file, by its name. */
export function kindOf(name: string): RunFile['kind'] {
  const extension = extname(name).toLowerCase();
  return VIDEOS.includes(extension) ? 'video' : PICTURES.includes(extension) ? 'picture' : 'other';
}

/** Videos that show something else than the result stand behind those that do. */
function rank({ name, kind }: RunFile): number {
  if (kind !== 'video') return kind === 'picture' ? 10 : 20;
  if (/grid|compar/i.test(name)) return 3;
  if (/round.?trip|preview/i.test(name)) return 2;
  return /source|original|input/i.test(name) ? 1 : 0;
}
