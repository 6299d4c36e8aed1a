// Reads the pictures of a finetuning from its video and encodes each picture and prompt once.

import { createHash } from 'node:crypto';
import { UsageError } from '../../base/errors.js';
import { given } from '../../base/given.js';
import { sha256 } from '../../base/hash.js';
import type { OnProgress } from '../../base/progress.js';
import { type WarpedNoiseOptions, warpedNoise } from '../../consistency/warped-noise.js';
import { encodeFrame } from '../../diffusion/restyle.js';
import type { EditedFrame } from '../../edits/edited-frame.js';
import type { Model } from '../../models/model.js';
import { RENDER } from '../../settings/table.js';
import type { Frame } from '../../tensor/frame.js';
import type { Video } from '../../video/read/video.js';
import type { EncodedItem } from '../loss/denoising-batch.js';
import { type TrainingItem, trainingItems } from './items.js';

/** The needed frames of a video, and its total number of frames. */
export interface TakenFrames {
  readonly count: number;
  /** SHA-256 of all frames. */
  readonly sha256: string;
  readonly taken: ReadonlyMap<number, Frame>;
  readonly items: readonly TrainingItem[];
}

/** Options of selecting frames. */
export interface TakeFramesOptions {
  /** Number of unconditional items. */
  readonly trainingFrames: number;
  readonly edits: readonly EditedFrame[];
  /** Returns the indices of additional frames for a video with `count` frames. */
  readonly also: (count: number) => readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Plans the items and reads their frames, and those of `also`, from the video, which is read twice. One more frame is in
 * memory than selected.
 *
 * @throws UsageError when there are no frames, or an edit has another size or is of a frame that does not exist
 */
export async function takeFrames(
  video: Pick<Video, 'frames'>,
  { trainingFrames, edits, also, signal }: TakeFramesOptions,
): Promise<TakenFrames> {
  let count = 0;
  const all = createHash('sha256');
  const originals = new Map<string, number>();
  for (const { originalSha256 } of edits) if (originalSha256 !== undefined) originals.set(originalSha256, -1);
  for await (const { data } of video.frames()) {
    signal?.throwIfAborted();
    all.update(data);
    if (originals.size > 0) {
      const hash = sha256(data);
      if (originals.get(hash) === -1) originals.set(hash, count);
    }
    count++;
  }
  if (count === 0) throw new UsageError('finetune: the video has no frames; give another one, or take more of it');
  const items = trainingItems(count, trainingFrames, edits);
  const wanted = new Set([...items.map(({ frame }) => frame), ...also(count)]);
  const last = Math.max(...wanted);
  const taken = new Map<number, Frame>();
  let index = 0;
  for await (const frame of video.frames()) {
    signal?.throwIfAborted();
    if (wanted.has(index)) taken.set(index, frame);
    if (++index > last) break;
  }
  edits.forEach(({ picture, frame }, i) => {
    const { width, height } = taken.get(frame)!;
    if (picture.width === width && picture.height === height) return;
    throw new UsageError(
      `edit ${i + 1}: the picture is ${picture.width}x${picture.height} but the video's frames are ${width}x${height}; use an edit of the frame at that size`,
    );
  });
  for (const [i, edit] of edits.entries()) checkOriginal(i, edit, taken.get(edit.frame)!, originals);
  return { count, sha256: all.digest('hex'), taken, items };
}

/** Checks the hash of an edit's original: another selection of the video gives frames other indices. */
function checkOriginal(
  edit: number,
  { frame, originalSha256: original }: EditedFrame,
  { data }: Frame,
  places: ReadonlyMap<string, number>,
): void {
  if (original === undefined || sha256(data) === original) return;
  const place = places.get(original)!;
  const found = place < 0 ? 'which is none of these' : `which is frame ${place} of these`;
  throw new UsageError(
    `edit ${edit + 1}: it was made from another picture than frame ${frame} of the frames that are trained, ${found}; train on the same part of the video at the same size, or say which frame it is of`,
  );
}

/** Items with their latents and contexts, and the shapes of these. */
export interface EncodedItems {
  readonly items: readonly EncodedItem[];
  /** [C, h, w]. */
  readonly latentShape: readonly number[];
  /** [T, D]. */
  readonly contextShape: readonly number[];
}

/**
 * Encodes items: the mean of the VAE's posterior, scaled, and the text encoder's hidden states.
 *
 * @throws UsageError when the frames' sides do not fit the model; FailureError when a latent is not finite
 */
export async function encodeItems(
  model: Model,
  { taken, items }: TakenFrames,
  edits: readonly EditedFrame[],
  { onProgress, signal }: { onProgress?: OnProgress; signal?: AbortSignal } = {},
): Promise<EncodedItems> {
  const frames = [...new Set(items.map(({ frame }) => frame))];
  const prompts = [...new Set(items.map(({ prompt }) => prompt))];
  const pictures = new Map<Frame, Float32Array>();
  const total = frames.length + new Set(edits.map(({ picture }) => picture)).size + prompts.length;
  let done = 0;
  let latentShape: readonly number[] = [];
  const report = (): void => onProgress?.({ done: ++done, total, label: 'encoding' });
  const latentOf = async (picture: Frame, frame: number): Promise<Float32Array> => {
    const known = pictures.get(picture);
    if (known) return known;
    signal?.throwIfAborted();
    const { shape, data } = await encodeFrame(model, picture, frame);
    latentShape = shape.slice(1);
    pictures.set(picture, data);
    report();
    return data;
  };
  const contexts = new Map<string, Float32Array>();
  let contextShape: readonly number[] = [];
  for (const prompt of prompts) {
    signal?.throwIfAborted();
    const { shape, data } = await model.encodeText([prompt]);
    contextShape = shape.slice(1);
    contexts.set(prompt, data);
    report();
  }
  const encoded: EncodedItem[] = [];
  for (const item of items) {
    const original = await latentOf(taken.get(item.frame)!, item.frame);
    const edited = item.edit === null ? null : await latentOf(edits[item.edit].picture, item.frame);
    encoded.push({ ...item, original, edited, context: contexts.get(item.prompt)! });
  }
  return { items: encoded, latentShape, contextShape };
}

/** Adds to each item the warped noise of its frame, moved through the video from its first frame. */
export async function withWarpedNoise(
  { items, ...shapes }: EncodedItems,
  video: Pick<Video, 'frames'>,
  {
    motion,
    onProgress,
    signal,
  }: Pick<WarpedNoiseOptions, 'motion'> & { onProgress?: OnProgress; signal?: AbortSignal },
): Promise<EncodedItems> {
  const shape = [1, ...shapes.latentShape];
  const noiseOf = warpedNoise({ seed: RENDER.seed.default, shape, ...given({ motion }) });
  const total = 1 + Math.max(...items.map(({ frame }) => frame));
  const noises: Float32Array[] = [];
  for await (const frame of video.frames()) {
    signal?.throwIfAborted();
    noises.push((await noiseOf(frame)).data);
    onProgress?.({ done: noises.length, total, label: 'moving noise' });
    if (noises.length === total) break;
  }
  return { items: items.map((item) => ({ ...item, noise: noises[item.frame] })), ...shapes };
}

/** SHA-256 of a picture's sides and pixels. */
export function hashFrame({ width, height, data }: Frame): string {
  return createHash('sha256').update(`${width}x${height} `).update(data).digest('hex');
}
