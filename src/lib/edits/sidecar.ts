// An edited picture as a file with a sidecar: FILE.png, and beside it FILE.json that says which frame it was made from, by which
// prompt and how. What is learned from it is items.ts.

import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';
import { brief } from '../base/brief.js';
import { UsageError } from '../base/errors.js';
import { printableLine } from '../base/printable.js';
import type { Frame } from '../tensor/frame.js';
import { readPicture, writePicture } from '../video/still.js';
import type { EditedFrame } from './edited-frame.js';

/** How well an edit serves as the example to learn from. */
export interface EditScores {
  /** See `composition`: agreement of the outlines, share of them that stays in place, and both together; 0 to 1. */
  readonly edges: number;
  readonly flow: number;
  readonly kept: number;
  /** Mean abs(edit - original), 0 to 255. */
  readonly editStrength: number;
  /** What edits are ranked by; 0 to 1. */
  readonly rank: number;
}

/** What the sidecar of an edited picture holds. Only `frame` and `prompt` are needed to learn from it. */
export interface EditSidecar {
  /** Which frame of the video it was made from, counted from 0. */
  readonly frame: number;
  readonly prompt: string;
  readonly negativePrompt?: string;
  readonly seed?: number;
  readonly strength?: number;
  readonly firstTimestep?: number;
  readonly guidance?: number;
  readonly steps?: number;
  readonly sampler?: string;
  readonly noiseDraw?: number;
  /** The video's file name, and the SHA-256 of the RGB bytes of the frame at the size of the edit. */
  readonly video?: { readonly name: string; readonly frameSha256: string };
  readonly model?: string;
  readonly loras?: readonly { readonly file: string; readonly scale?: number }[];
  readonly embeddings?: readonly { readonly file: string; readonly word: string }[];
  readonly clipSkip?: number;
  readonly scores?: EditScores;
}

/** What to use in place of what a sidecar says; with both no sidecar is needed. */
export interface EditOverrides {
  readonly frame?: number;
  readonly prompt?: string;
}

/** Path of the sidecar of a picture: `night.png` has `night.json`. */
export function sidecarPath(picture: string): string {
  return `${picture.slice(0, picture.length - extname(picture).length)}.json`;
}

/**
 * Writes an edited picture and then its sidecar, each in one step.
 *
 * @throws UsageError for a path that says no format of pictures; FailureError when the disk is full
 */
export async function writeEdit(path: string, picture: Frame, sidecar: EditSidecar): Promise<void> {
  await writePicture(path, picture);
  await writeFileAtomic(sidecarPath(path), `${JSON.stringify(sidecar, null, 1)}\n`);
}

/**
 * Reads an edited picture and what its sidecar says of it.
 *
 * @throws UsageError when there is no picture, or when frame or prompt are given neither here nor in a sidecar that can be read
 */
export async function readEdit(path: string, overrides: EditOverrides = {}): Promise<EditedFrame> {
  const picture = await readPicture(path);
  const needsSidecar = overrides.frame === undefined || overrides.prompt === undefined;
  const said: Partial<Record<keyof EditSidecar, unknown>> = needsSidecar ? await readSidecar(path) : {};
  const frame = overrides.frame ?? said.frame;
  const prompt = overrides.prompt ?? said.prompt;
  const where = (key: string, given: unknown): string => (given === undefined ? `${sidecarPath(path)}: ${key}` : key);
  if (typeof frame !== 'number' || !Number.isSafeInteger(frame) || frame < 0) {
    throw new UsageError(
      `${where('frame', overrides.frame)} is ${shown(frame)}, expected the number of a frame, from 0; correct it or pass --edit-frame`,
    );
  }
  if (typeof prompt !== 'string') {
    throw new UsageError(
      `${where('prompt', overrides.prompt)} is ${shown(prompt)}, expected a text; correct it or pass --edit-prompt`,
    );
  }
  const original = overrides.frame === undefined ? (said as Partial<EditSidecar>).video?.frameSha256 : undefined;
  return { picture, frame, prompt, ...(typeof original === 'string' && { originalSha256: original }) };
}

async function readSidecar(picture: string): Promise<Record<string, unknown>> {
  const path = sidecarPath(picture);
  const remedy = 'say which frame was edited and by which prompt with --edit-frame T --edit-prompt TEXT';
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') {
      throw new UsageError(
        `${picture}: has no ${basename(path)} beside it, as 'steadyframe edit' writes with frame and prompt; ${remedy}`,
      );
    }
    throw new UsageError(`${path}: cannot be read (${error.code}); ${remedy}`, { cause: error });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${path}: is not JSON (${printableLine((error as Error).message)}), expected frame and prompt of ${basename(picture)}; ${remedy}`,
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UsageError(`${path}: holds ${shown(value)}, expected an object with frame and prompt; ${remedy}`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return brief(text, 60);
}
