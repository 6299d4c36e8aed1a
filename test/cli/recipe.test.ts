// `steadyframe recipe` with invalid arguments: one message, exit code 2, nothing written.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { steadyframe } from './run-command.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steadyframe-experiment-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const DEMO = ['--model', 'models/demo', '--preset', 'demo', '--prompt', 'a street'];

test.each([
  ['neither video nor shot', [], 'give a video, or the name of a bundled shot with --shot, and not both'],
  ['both', ['shot.mp4', '--shot', 'red-car-curve'], 'and not both'],
  ['an unknown shot', ['--shot', 'blue-bus'], 'no bundled shot "blue-bus", expected one of red-car-curve'],
  ['an unknown style', ['--shot', 'red-car-curve', '--style', 'cubist'], 'no style "cubist", expected one of photo'],
  ['a missing video', ['missing.mp4'], 'missing.mp4'],
  ['a strength that is none', ['--shot', 'red-car-curve', '--strengths', '0.45,1.5'], '1.5'],
  ['an objective that is none', ['--shot', 'red-car-curve', '--objective', 'third'], 'noised-original, rendering-path'],
])('recipe: %s', async (_, args, message) => {
  const out = join(folder, 'results');
  const { code, err } = await steadyframe(['recipe', ...args, ...DEMO, '--out', out, '--quiet']);
  expect(err).toContain(message);
  expect(code).toBe(2);
  expect(existsSync(out)).toBe(false);
});
