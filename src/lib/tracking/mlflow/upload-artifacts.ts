// Uploads the artifacts of a run: files under their names, pictures of a series under names that MLflow shows as an image
// grid.

import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { sha256 } from '../../base/hash.js';
import { BROWSER_MEDIA } from '../../base/media-types.js';
import { type ArtifactOwner, artifactFile, GONE } from '../stored/artifact-file.js';
import type { Artifact } from '../stored/artifact-records.js';
import { RUN_FILES } from '../stored/run-record.js';
import type { MlflowClient } from './client.js';
import type { Body } from './http.js';
import type { ServerRun } from './server-run.js';

/** A file to upload. */
interface Upload {
  readonly name: string;
  readonly type: string;
  readonly body: () => Promise<Body>;
}

/**
 * Uploads one artifact.
 *
 * @param run the run on the server
 * @param owner the run here, with its id
 * @returns number of bytes sent, or the reason why nothing is sent
 */
export async function uploadArtifact(
  client: MlflowClient,
  run: Pick<ServerRun, 'artifactUri'>,
  owner: ArtifactOwner & { readonly id: string },
  artifact: Artifact,
): Promise<number | string> {
  const file = await artifactFile(owner, artifact);
  const { path } = file;
  if ('problem' in file) {
    const isGone = file.problem === GONE;
    return `${artifact.name} ${isGone ? `is gone: there is no ${path}` : `${file.problem} and is not sent: ${path}`}`;
  }
  const size = file.bytes;
  if (size !== artifact.bytes) return `${artifact.name} has changed since it was recorded and is not sent: ${path}`;
  for (const { name, type, body } of uploadsOf(path, owner.id, artifact)) {
    await client.putArtifact(run, name, type, await body());
  }
  return size;
}

/** Uploads a run's own record, as an artifact. */
export async function uploadRecord(
  client: MlflowClient,
  run: Pick<ServerRun, 'artifactUri'>,
  name: string,
  folder: string,
): Promise<void> {
  await client.putArtifact(run, name, 'application/json', await readFile(join(folder, RUN_FILES.record)));
}

function uploadsOf(path: string, runId: string, { name, bytes, image, time }: Artifact): Upload[] {
  if (image === undefined) return [{ name, type: mediaType(name), body: async () => ({ file: path, bytes }) }];
  // The name is the same for every upload, so that a repeat overwrites.
  const digits = sha256(`${runId}/${name}`);
  const uuid = [0, 8, 12, 16, 20].map((start, i) => digits.slice(start, [8, 12, 16, 20, 32][i])).join('-');
  const key = image.key.replaceAll('/', '~');
  const series = `images/${key}+step+${image.step}+timestamp+${time}+${uuid}`;
  const isPng = extname(path).toLowerCase() === '.png';
  return [
    {
      name: `${series}.png`,
      type: 'image/png',
      body: async () => (isPng ? { file: path, bytes } : (await picture(path)).png().toBuffer()),
    },
    {
      name: `${series}+compressed.webp`,
      type: 'image/webp',
      body: async () =>
        (await picture(path)).resize(SMALL, SMALL, { fit: 'inside', withoutEnlargement: true }).webp().toBuffer(),
    },
  ];
}

/** Longest side of the small picture in the grid. */
const SMALL = 256;

async function picture(path: string) {
  const { default: sharp } = await import('sharp');
  return sharp(path);
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ...BROWSER_MEDIA,
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.jsonl': 'application/jsonl',
  '.csv': 'text/csv',
  '.txt': 'text/plain',
  '.md': 'text/markdown',
  '.html': 'text/html',
  '.yaml': 'application/yaml',
};

function mediaType(name: string): string {
  return MEDIA_TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream';
}
