// Runs that tests make without saying where go to a folder that is removed in the end.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Called by vitest before the first test; what it returns, after the last. */
export default function setup(): () => void {
  const root = mkdtempSync(join(tmpdir(), 'steadyframe-runs-'));
  process.env.STEADYFRAME_RUNS = root;
  delete process.env.STEADYFRAME_MLFLOW_URI;
  return () => rmSync(root, { recursive: true, force: true });
}
