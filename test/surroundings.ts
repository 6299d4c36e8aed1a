// The environment of tests on every machine: a folder of runs that is removed at the end, no MLflow server, one thread per
// model (files of tests run concurrently, and waiting threads spin), and one ffmpeg: that of the package, which is the same
// everywhere, starts in a tenth of the time of a distribution's, and causes no warnings when it is set explicitly. Tests
// about ffmpeg choose their own.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INSTALLED } from './ffmpegs.js';

/** Called by vitest before the first test; the returned function, after the last. */
export default function setup(): () => void {
  const root = mkdtempSync(join(tmpdir(), 'steadyframe-runs-'));
  process.env.STEADYFRAME_RUNS = root;
  process.env.STEADYFRAME_THREADS ??= '1';
  delete process.env.STEADYFRAME_MLFLOW_URI;
  if (INSTALLED) process.env.FFMPEG_PATH ??= INSTALLED;
  return () => rmSync(root, { recursive: true, force: true });
}
