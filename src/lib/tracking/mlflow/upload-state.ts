// What a run's folder remembers of its uploads: enough to go on where they stopped, for each server. Losing the file costs time only:
// runs are found again by their tag, and what is sent twice counts once.

import { join } from 'node:path';
import { writeFileAtomic } from '../../base/atomic-file.js';
import { readRegularSync } from '../../base/regular-file.js';
import { RUN_FILES } from '../stored/run-record.js';

/** What one server has of a run. Hashes are of what was sent. */
export interface UploadState {
  /** The run's id there. */
  readonly run?: string;
  readonly artifactUri?: string;
  readonly params?: string;
  readonly tags?: string;
  readonly inputs?: string;
  readonly status?: string;
  /** Bytes of metrics.jsonl whose points it has. */
  readonly metricsByte?: number;
  /** SHA-256 of the artifacts that it has, by name. */
  readonly artifacts?: Readonly<Record<string, string>>;
}

interface Stored {
  readonly format: 1;
  /** By the server's address without credentials. */
  readonly servers: Readonly<Record<string, UploadState>>;
}

const MOST_BYTES = 16e6;

/** What a server has of a run, as far as is remembered. */
export async function readUploadState(folder: string, uri: string): Promise<UploadState> {
  return (await read(folder)).servers[uri] ?? {};
}

/** Remembers what a server has. Only the holder of the folder's `upload` claim may. */
export async function writeUploadState(folder: string, uri: string, state: UploadState): Promise<void> {
  const { servers } = await read(folder);
  const stored: Stored = { format: 1, servers: { ...servers, [uri]: state } };
  await writeFileAtomic(join(folder, RUN_FILES.uploads), `${JSON.stringify(stored, null, 1)}\n`);
}

async function read(folder: string): Promise<Stored> {
  try {
    const stored = JSON.parse(readRegularSync(join(folder, RUN_FILES.uploads), MOST_BYTES).toString('utf8')) as Stored;
    if (stored.format === 1 && typeof stored.servers === 'object' && stored.servers !== null) return stored;
  } catch {
    // None yet, or damaged: begin anew.
  }
  return { format: 1, servers: {} };
}
