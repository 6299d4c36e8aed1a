// Renders and scores edits of one frame at several strengths and seeds.

import { join } from 'node:path';
import { sha256 } from '../base/hash.js';
import type { OnProgress, Progress } from '../base/progress.js';
import { withMask } from '../diffusion/mask.js';
import { decodeFrame, encodeFrame, restyleLatents } from '../diffusion/restyle.js';
import type { Model } from '../models/model.js';
import { planRenderings, type Rendering } from '../renderings/rendering.js';
import { smallPicture } from '../video/small-picture.js';
import type { ChosenFrame } from './choose-frame.js';
import type { EditSettings } from './edit-options.js';
import type { EditStore } from './edit-store.js';
import type { FrameEdit } from './frame-edit.js';
import { scoreEdit } from './score-edits.js';

/** The settings of edits, and the folder of their results. */
export interface RenderEditsOptions extends EditSettings {
  readonly out: string;
  readonly onProgress?: OnProgress | undefined;
  readonly onEdit?: ((edit: FrameEdit) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The name of an edit's files. */
export function editName({ strength, seed }: Pick<FrameEdit, 'strength' | 'seed'>): string {
  return `strength-${strength}-seed-${seed}`;
}

/**
 * Renders edits by strength, then seed. The pictures equal those of `strengthSweep` at this frame. Writes only to the store.
 *
 * @throws UsageError for a bad strength, seed or setting; FailureError when numbers turn NaN
 */
export async function renderEdits(
  model: Model,
  { frame, at, seen }: Pick<ChosenFrame, 'frame' | 'seen'> & Partial<Pick<ChosenFrame, 'at'>>,
  options: RenderEditsOptions,
  store: EditStore,
): Promise<FrameEdit[]> {
  const { prompt, out, onProgress, onEdit, signal } = options;
  const { frame: original } = seen;
  const renderings = renderingsOf(options);
  const planned = planRenderings(model, renderings);
  const originalSha256 = sha256(original.data);
  const edits: FrameEdit[] = [];
  const total = planned.reduce((sum, { evaluations }) => sum + evaluations, 0);
  let latent: Awaited<ReturnType<typeof encodeFrame>> | undefined;
  let done = 0;
  /** The last edit, for the next report. */
  let shown: Pick<Progress, 'picture'> = {};
  for (const [i, rendering] of renderings.entries()) {
    signal?.throwIfAborted();
    const { strength, seed, firstTimestep, evaluations } = planned[i];
    const name = editName({ strength, seed });
    let picture = await store.read(name);
    if (picture) {
      done += evaluations;
    } else {
      latent ??= await encodeFrame(model, original, frame);
      const [edited] = await restyleLatents(model, [latent], frame, {
        ...rendering.options,
        seen: [seen],
        ...(at !== undefined && { times: [at] }),
        onStep: () => {
          signal?.throwIfAborted();
          onProgress?.({ done: ++done, total, label: 'denoising', ...shown });
          shown = {};
        },
      });
      picture = withMask(seen, await decodeFrame(model, edited, frame), options);
      await store.write(name, picture);
    }
    const settings = { strength, seed, firstTimestep, scores: await scoreEdit(original, picture) };
    const edit = { name, file: join(out, `${name}.png`), picture, frame, prompt, originalSha256, ...settings };
    edits.push(edit);
    if (onProgress) shown = { picture: await smallPicture(picture) };
    onEdit?.(edit);
  }
  return edits;
}

/**
 * Checks the settings of edits.
 *
 * @throws UsageError for a bad strength, seed or setting
 */
export function checkEdits(model: Model, settings: EditSettings): void {
  planRenderings(model, renderingsOf(settings));
}

function renderingsOf({ strengths, seeds, ...options }: EditSettings): Rendering[] {
  return strengths.flatMap((strength) =>
    seeds.map((seed) => {
      const label = `strength ${strength} with seed ${seed}`;
      return { name: label, label, options: { ...options, strength, seed, batch: 1 } };
    }),
  );
}
