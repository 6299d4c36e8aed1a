// Names of folders under runs/.

import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { runFolder, shotName } from '../../src/lib/sweeps/run-folder.js';
import { scratchFolder } from './tiny.js';

const scratch = scratchFolder();
afterEach(() => {
  vi.unstubAllEnvs();
});

it.each([
  ['a/b/My shot (1).mp4', 'My-shot-1-'],
  ['frames/', 'frames'],
  ['städte.mp4', 'st-dte'],
  ['日本.mp4', '-'],
  ['.mp4', '.mp4'],
])('calls %s %s', (video, name) => {
  expect(shotName(video)).toBe(name);
});

it('counts on where a folder exists, and finds the last one again', () => {
  vi.stubEnv('STEADYFRAME_RUNS', scratch);
  const at = (name: string) => join(scratch, 'sweep', name);
  expect(runFolder('sweep', 'x')).toBe(at('x'));
  expect(runFolder('sweep', 'x', { reuse: true })).toBe(at('x'));
  mkdirSync(at('x'), { recursive: true });
  mkdirSync(at('x-2'));
  expect(runFolder('sweep', 'x')).toBe(at('x-3'));
  expect(runFolder('sweep', 'x', { reuse: true })).toBe(at('x-2'));
});

it('is under runs/ where nothing is said', () => {
  vi.stubEnv('STEADYFRAME_RUNS', '');
  expect(runFolder('frame', 'never-made')).toBe(resolve('runs/frame/never-made'));
});
