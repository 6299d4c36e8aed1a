// A Python with torch and diffusers, for comparisons: $STEADYFRAME_PYTHON, or python3. Without one, suites are skipped.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { skipNote } from '../skipped.js';

/** The interpreter. */
export const PYTHON: string = process.env.STEADYFRAME_PYTHON || 'python3';

const found = spawnSync(PYTHON, ['-c', 'import torch, diffusers, transformers, peft, safetensors'], {
  encoding: 'utf8',
});

/** Whether it has the required packages; use as `describe.skipIf(!hasPython)(`... ${pythonNote}`)`. */
export const hasPython: boolean = found.status === 0;

/** The reason for skipping a suite that needs it, for its title; empty if it exists. */
export const pythonNote: string = skipNote(
  hasPython,
  'STEADYFRAME_PYTHON, or python3, has no torch, diffusers, transformers and peft',
);

/** Runs a script of this folder with JSON on its standard input. */
export function askPython(script: string, request: object): void {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { status, stderr } = spawnSync(PYTHON, [path], {
    input: JSON.stringify(request),
    encoding: 'utf8',
    env: { ...process.env, HF_HUB_OFFLINE: '1', DIFFUSERS_VERBOSITY: 'error', TRANSFORMERS_VERBOSITY: 'error' },
  });
  if (status !== 0) throw new Error(`${script} failed:\n${stderr}`);
}
