// Helpers for tests of whole runs: a checkpoint that renders a 32x32 frame in milliseconds, a shot, a temporary folder.

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll } from 'vitest';
import { SMALLEST } from '../../scripts/fuzz/smallest-checkpoint.js';
import {
  type RandomCheckpointOptions,
  writeRandomCheckpoint,
} from '../../src/lib/models/checkpoint/random-checkpoint.js';
import type { Vocabulary } from '../../src/lib/models/text/clip-bpe.js';
import { byteVocabulary } from '../../src/lib/models/text/tokenizer.js';
import { writeVideo } from '../../src/lib/video/write/write-video.js';
import { heldOutShot, shotFrames } from '../../src/lib/world/held-out-shots.js';

export { SMALLEST };

/**
 * CLIP's vocabulary reduced to the words of prompts here, by its merges: to read 49,408 tokens would dominate the time to
 * write a model and to open it. test/models/reduced-vocabulary.test.ts compares it with the whole one.
 */
export const VOCABULARY: Vocabulary = byteVocabulary(
  `r e, s t, o r, o n</w>, i t, n e, g h, gh t</w>, w or, t a, l u, it y</w>, n i, e t</w>, ni ght</w>, i l</w>, st re, b lu,
   c ity</w>, stre et</w>, wor d</w>, ta il</w>, ne on</w>, blu r</w>`
    .split(',')
    .map((pair) => pair.trim().split(' ') as [string, string]),
);
/** Number of tokens of that vocabulary. */
export const TOKENS: number = Object.keys(VOCABULARY.vocab).length;

/** Creates a folder that is removed after the file's tests. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'steadyframe-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes the smallest checkpoint into a folder and returns its path. */
export async function smallestCheckpoint(folder: string, options: RandomCheckpointOptions = {}): Promise<string> {
  const path = join(folder, `checkpoint-${readdirSync(folder).length}`);
  const text = { ...SMALLEST.text, ...options.text };
  await writeRandomCheckpoint(path, { ...SMALLEST, vocabulary: VOCABULARY, ...options, text });
  return path;
}

/** Writes a shot of the procedural street and returns its path; `name` may end in .mp4, .gif or nothing (PNG folder). */
export async function shot(
  folder: string,
  name: string,
  { frames = 4, width = 48, height = 32, frameRate = 10 } = {},
): Promise<string> {
  const path = join(folder, name);
  const street = shotFrames(heldOutShot('red-car-curve'), 'photo', { frames, width, height });
  await writeVideo(path, street, { frameRate });
  return path;
}

/** SHA-256 of every file below a folder by relative path; empty if the folder does not exist. */
export function hashes(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(
    paths.map((path) => [relative(folder, path), createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}
