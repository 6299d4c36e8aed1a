// What runs have made, sorted into what a page can show: videos, pictures, and files to fetch.

import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { type Artifact, artifactPath, readArtifacts } from '../lib/tracking/artifact-records.js';

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

/** Gives the URL of a file, or the reason why there is none. */
export type FileUrl = (path: string) => Promise<{ readonly url: string } | { readonly problem: string }>;

const VIDEOS = ['.mp4', '.webm', '.m4v'];
const PICTURES = ['.png', '.jpg', '.jpeg', '.webp', '.gif'];

/** The files of a run, videos that show its result first. */
export async function filesOfRun(folder: string, urlOf: FileUrl): Promise<RunFile[]> {
  const artifacts = await readArtifacts(folder);
  const files = await Promise.all(
    artifacts.map(async (artifact): Promise<RunFile> => {
      const { name, image, bytes } = artifact;
      const path = artifactPath(folder, artifact);
      const kind = kindOf(name);
      const about = await stat(path).catch(() => undefined);
      if (!about?.isFile()) return { name, path, bytes, kind, image, problem: 'was deleted or moved' };
      return { name, path, bytes: about.size, kind, image, ...(await urlOf(path)) };
    }),
  );
  return files.sort((a, b) => rank(a) - rank(b));
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
