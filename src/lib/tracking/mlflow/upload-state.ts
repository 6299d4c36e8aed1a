// The record of uploads in a run's folder: enough to continue after a stop, for each server. Losing the file costs only
// time: runs are found by their tag, and repeated uploads change nothing.

import { join } from 'node:path';
import { writeFileAtomic } from '../../base/atomic-file.js';
import { readRegularSync } from '../../base/regular-file.js';
import { RUN_FILES } from '../stored/run-record.js';

/** What one server has of a run. Hashes are of the data sent. */
export interface UploadState {
  /** The run's id there. */
  readonly run?: string;
  readonly artifactUri?: string;
  readonly params?: string;
  readonly tags?: string;
  readonly inputs?: string;
  readonly status?: string;
  /** Bytes of metrics.jsonl whose points the server has. */
  readonly metricsByte?: number;
  /** SHA-256 of the artifacts on the server, by name. */
  readonly artifacts?: Readonly<Record<string, string>>;
}

interface Stored {
  readonly format: 1;
  /** By the server's address without credentials. */
  readonly servers: Readonly<Record<string, UploadState>>;
}

const MOST_BYTES = 16e6;

/** The recorded state of a run on a server. */
export async function readUploadState(folder: string, uri: string): Promise<UploadState> {
  return (await read(folder)).servers[uri] ?? {};
}

/** Records the state of a run on a server. Only for the holder of the folder's `upload` claim. */
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
    // None, or damaged: start with an empty one.
  }
  return { format: 1, servers: {} };
}
