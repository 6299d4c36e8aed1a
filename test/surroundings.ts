// What tests find around them on every machine: a folder of runs that is removed in the end, no MLflow server, and an ffmpeg that was
// chosen, so that none of them hears the warning about the package's old build.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Called by vitest before the first test; what it returns, after the last. */
export default function setup(): () => void {
  const root = mkdtempSync(join(tmpdir(), 'steadyframe-runs-'));
  process.env.STEADYFRAME_RUNS = root;
  delete process.env.STEADYFRAME_MLFLOW_URI;
  const onPath = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'ffmpeg')));
  if (!onPath) process.env.FFMPEG_PATH ??= packagedFfmpeg();
  return () => rmSync(root, { recursive: true, force: true });
}

/** The program of @ffmpeg-installer/ffmpeg; nothing where it has no build for this platform. */
function packagedFfmpeg(): string {
  try {
    return createRequire(import.meta.url)('@ffmpeg-installer/ffmpeg').path;
  } catch {
    return '';
  }
}
