// Edits of one picture under several seeds and strengths. Which frame of a video it is, and what becomes of the edits, is for
// edit-frame.ts and propose-edits.ts.

import type { OnProgress } from '../base/progress.js';
import type { DenoiseOptions } from '../diffusion/img2img.js';
import { decodeFrame, encodeFrame, restyleLatents } from '../diffusion/restyle.js';
import type { Model } from '../models/model.js';
import { planRenderings } from '../renderings/rendering.js';
import type { Frame } from '../tensor/frame.js';

/** Which edits of a picture. */
export interface RenderEditsOptions extends DenoiseOptions {
  readonly seeds: readonly number[];
  readonly strengths: readonly number[];
  /** Which draw of a seed's generator is the noise; see `RestyleOptions`. */
  readonly noiseDraw?: number;
  /** Told how many steps are done. */
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** One edit of the frame. */
export interface FrameEdit {
  seed: number;
  strength: number;
  firstTimestep: number;
  frame: Frame;
}

/** Keeps edits as they are made, so that an interrupted rendering need not make them again. */
export interface EditStore {
  /** The stored edit of this name, if there is one. */
  read(name: string): Promise<Frame | undefined>;
  write(name: string, frame: Frame): Promise<void>;
}

/** The name of an edit's files. */
export function editName({ strength, seed }: Pick<FrameEdit, 'strength' | 'seed'>): string {
  return `strength-${strength}-seed-${seed}`;
}

/**
 * Renders edits, strength by strength and within these seed by seed: the pictures that a sweep has at this frame.
 *
 * @throws UsageError for a bad strength, seed or setting; FailureError when numbers turn NaN
 */
export async function renderEdits(
  model: Model,
  original: Frame,
  options: RenderEditsOptions,
  store?: EditStore,
): Promise<FrameEdit[]> {
  const { onProgress, signal } = options;
  const cells = cellsOf(options);
  const planned = planRenderings(model, cells);
  const edits: FrameEdit[] = [];
  const total = planned.reduce((sum, { evaluations }) => sum + evaluations, 0);
  let latent: Awaited<ReturnType<typeof encodeFrame>> | undefined;
  let done = 0;
  for (const [i, cell] of cells.entries()) {
    const { strength, seed, firstTimestep, evaluations } = planned[i];
    const name = editName({ strength, seed });
    let frame = await store?.read(name);
    if (frame) {
      done += evaluations;
    } else {
      latent ??= await encodeFrame(model, original, 0);
      const [edited] = await restyleLatents(model, [latent], 0, {
        ...cell.options,
        onStep: () => {
          signal?.throwIfAborted();
          onProgress?.({ done: ++done, total, label: 'denoising' });
        },
      });
      frame = await decodeFrame(model, edited, 0);
      await store?.write(name, frame);
    }
    edits.push({ strength, seed, firstTimestep, frame });
  }
  return edits;
}

/**
 * Checks the settings of edits before any work.
 *
 * @throws UsageError for a bad strength, seed or setting
 */
export function checkEdits(model: Model, options: RenderEditsOptions): void {
  planRenderings(model, cellsOf(options));
}

function cellsOf(options: RenderEditsOptions) {
  const { strengths, seeds } = options;
  return strengths.flatMap((strength) =>
    seeds.map((seed) => {
      const label = `strength ${strength} with seed ${seed}`;
      return { name: label, label, options: { ...options, strength, seed, batch: 1 } };
    }),
  );
}
