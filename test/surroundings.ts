// What tests find around them on every machine: a folder of runs that is removed in the end, no MLflow server, and an ffmpeg that was
// chosen, so that none of them hears the warning about the package's old build.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INSTALLED, ON_PATH } from './ffmpegs.js';

/** Called by vitest before the first test; what it returns, after the last. */
export default function setup(): () => void {
  const root = mkdtempSync(join(tmpdir(), 'steadyframe-runs-'));
  process.env.STEADYFRAME_RUNS = root;
  delete process.env.STEADYFRAME_MLFLOW_URI;
  if (!ON_PATH && INSTALLED) process.env.FFMPEG_PATH ??= INSTALLED;
  return () => rmSync(root, { recursive: true, force: true });
}
