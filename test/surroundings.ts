// What tests find around them on every machine: a folder of runs that is removed in the end, no MLflow server, one thread a model
// (two files run at once, and threads that wait for others spin), and one ffmpeg. Tests
// about ffmpeg choose theirs themselves; to all others the package's is given, which is the same everywhere, starts in a tenth of the
// time of a distribution's, and warns of nothing when it is asked for by name.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INSTALLED } from './ffmpegs.js';

/** Called by vitest before the first test; what it returns, after the last. */
export default function setup(): () => void {
  const root = mkdtempSync(join(tmpdir(), 'steadyframe-runs-'));
  process.env.STEADYFRAME_RUNS = root;
  process.env.STEADYFRAME_THREADS ??= '1';
  delete process.env.STEADYFRAME_MLFLOW_URI;
  if (INSTALLED) process.env.FFMPEG_PATH ??= INSTALLED;
  return () => rmSync(root, { recursive: true, force: true });
}
