// The replacement for a run when nothing is tracked.

import { basename, resolve } from 'node:path';
import { VERSION } from '../../base/version.js';
import type { RunRecord } from '../stored/run-record.js';
import { thisMachine } from './machine.js';
import type { Run } from './run.js';

/**
 * A run that stores nothing, for `--no-track`, with the same methods.
 *
 * @param folder the folder for artifacts, created by the code that writes there
 */
export function untrackedRun(folder: string): Run {
  const nothing = (): Promise<void> => Promise.resolve();
  const path = resolve(folder);
  const record: RunRecord = {
    format: 1,
    id: '0'.repeat(32),
    name: basename(path),
    experiment: 'untracked',
    status: 'running',
    start: new Date().toISOString(),
    parameters: {},
    inputs: [],
    tags: {},
    version: VERSION,
    machine: thisMachine(),
  };
  return {
    id: record.id,
    folder: path,
    artifacts: path,
    record,
    tracked: false,
    logging: { mlflow: false },
    logParams: nothing,
    logMetrics: () => {},
    logProgress: () => {},
    stages: [],
    rewind: nothing,
    logArtifact: async () => [],
    logImage: nothing,
    logInputs: nothing,
    setTags: nothing,
    flush: nothing,
    finish: nothing,
    [Symbol.asyncDispose]: nothing,
  };
}
