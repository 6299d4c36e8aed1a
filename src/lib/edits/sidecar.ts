// An edited picture as a file with a sidecar: FILE.png, and FILE.json with its frame, prompt and settings.

import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.js';
import { brief } from '../base/brief.js';
import { UsageError } from '../base/errors.js';
import { printableLine } from '../base/printable.js';
import { type ControlRequest, requestOf } from '../models/controls/controls.js';
import type { Model } from '../models/model.js';
import { identifyingSettings } from '../settings/stored.js';
import { DENOISE } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import { readPicture, writePicture } from '../video/still.js';
import type { DenoiseSettings } from './edit-options.js';
import type { EditedFrame } from './edited-frame.js';
import type { EditScores, FrameEdit } from './frame-edit.js';

/** The sidecar of an edited picture. Finetuning needs only `frame` and `prompt`. */
export interface EditSidecar {
  /** Index of its frame in the video, from 0. */
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
  readonly controls?: readonly ControlRequest[];
  readonly clipSkip?: number;
  readonly scores?: EditScores;
}

/** The sidecar of a rendered edit. */
export type RenderedSidecar = EditSidecar & Pick<FrameEdit, 'strength' | 'seed' | 'firstTimestep' | 'scores'>;

/**
 * Values that override the sidecar's; with both, no sidecar is needed.
 *
 * @inline
 */
export interface EditOverrides {
  readonly frame?: number;
  readonly prompt?: string;
}

/** The sidecar is incomplete or cannot be read: `readEdit` needs the frame and the prompt as overrides. */
export class SidecarError extends UsageError {}

/** Path of the sidecar of a picture: `night.png` has `night.json`. */
export function sidecarPath(picture: string): string {
  return `${picture.slice(0, picture.length - extname(picture).length)}.json`;
}

/** The sidecar of a rendered edit; `video` is the path of its video. */
export function sidecarOf(
  model: Model,
  { frame, prompt, originalSha256, strength, seed, firstTimestep, scores }: FrameEdit,
  settings: DenoiseSettings,
  video?: string,
): RenderedSidecar {
  const { prompt: _, negativePrompt, guidanceScale, ...more } = identifyingSettings(DENOISE, settings);
  return {
    frame,
    prompt,
    negativePrompt,
    guidance: guidanceScale,
    ...more,
    ...(video !== undefined &&
      originalSha256 !== undefined && { video: { name: fileName(video), frameSha256: originalSha256 } }),
    model: model.path,
    ...(model.loras.length > 0 && { loras: model.loras }),
    ...(model.embeddings.length > 0 && { embeddings: model.embeddings }),
    ...(model.controls.length > 0 && { controls: model.controls.map(requestOf) }),
    ...(model.clipSkip > 0 && { clipSkip: model.clipSkip }),
    strength,
    seed,
    firstTimestep,
    scores,
  };
}

function fileName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;
}

/**
 * Writes an edited picture and then its sidecar, each atomically.
 *
 * @throws UsageError for a path without a picture format; FailureError when the disk is full
 */
export async function writeEdit(path: string, picture: Frame, sidecar: EditSidecar): Promise<void> {
  await writePicture(path, picture);
  await writeSidecar(path, sidecar);
}

/** Writes the sidecar of the picture at `path`. */
export function writeSidecar(path: string, sidecar: EditSidecar): Promise<void> {
  return writeFileAtomic(sidecarPath(path), `${JSON.stringify(sidecar, null, 1)}\n`);
}

/**
 * Reads an edited picture with the frame and the prompt of its sidecar.
 *
 * @throws UsageError when there is no picture; SidecarError when frame or prompt are neither given nor in a readable sidecar
 */
export async function readEdit(path: string, overrides: EditOverrides = {}): Promise<EditedFrame> {
  const picture = await readPicture(path);
  const needsSidecar = overrides.frame === undefined || overrides.prompt === undefined;
  const said: Partial<Record<keyof EditSidecar, unknown>> = needsSidecar ? await readSidecar(path) : {};
  const frame = overrides.frame ?? said.frame;
  const prompt = overrides.prompt ?? said.prompt;
  const where = (key: string, given: unknown): string => (given === undefined ? `${sidecarPath(path)}: ${key}` : key);
  if (typeof frame !== 'number' || !Number.isSafeInteger(frame) || frame < 0) {
    throw new SidecarError(
      `${where('frame', overrides.frame)} is ${shown(frame)}, expected the number of a frame, from 0; correct it, or say which frame was edited`,
    );
  }
  if (typeof prompt !== 'string') {
    throw new SidecarError(
      `${where('prompt', overrides.prompt)} is ${shown(prompt)}, expected a text; correct it, or say by which prompt it was edited`,
    );
  }
  const original = overrides.frame === undefined ? (said as Partial<EditSidecar>).video?.frameSha256 : undefined;
  return { picture, frame, prompt, ...(typeof original === 'string' && { originalSha256: original }) };
}

async function readSidecar(picture: string): Promise<Record<string, unknown>> {
  const path = sidecarPath(picture);
  const remedy = 'say which frame was edited and by which prompt';
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const problem =
      error.code === 'ENOENT'
        ? `${picture}: has no ${basename(path)} beside it, which holds frame and prompt of a proposed edit`
        : `${path}: cannot be read (${error.code})`;
    throw new SidecarError(`${problem}; ${remedy}`, { cause: error });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SidecarError(
      `${path}: is not JSON (${printableLine((error as Error).message)}), expected frame and prompt of ${basename(picture)}; ${remedy}`,
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new SidecarError(`${path}: holds ${shown(value)}, expected an object with frame and prompt; ${remedy}`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return brief(text, 60);
}
