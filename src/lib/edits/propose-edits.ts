// Proposes edits of one frame as examples for finetuning, the best first: composition kept, colours changed.

import { resolve } from 'node:path';
import { UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import type { Settings } from '../base/settings.js';
import { type Control, type ControlRequest, requestOf } from '../models/controls/controls.js';
import type { Model } from '../models/model.js';
import { CONTROLLED_STRENGTHS, PROPOSED_SEEDS, PROPOSED_STRENGTHS } from '../settings/lists.js';
import { identifyingSettings } from '../settings/stored.js';
import { DENOISE } from '../settings/table.js';
import { lastWork } from '../tracking/log/tracked-work.js';
import { locationOf, pathOf, type RepeatableVideo, type VideoInput } from '../video/read/video.js';
import { hashVideo, repeatable } from '../video/read/video-input.js';
import { FRAME_SELECTION, frameNumber } from './choose-frame.js';
import { type ProposeEditsOptions, type ResolvedEditOptions, resolveEditOptions } from './edit-options.js';
import { readProposals, type StoredEdits, writeProposals } from './edits-folder.js';
import type { FrameEdits } from './frame-edit.js';
import { editsName } from './log-edits.js';
import { rankEdits } from './score-edits.js';
import { rankedSheet } from './sheets.js';
import { sidecarOf } from './sidecar.js';
import { trackedEdits } from './tracked-edits.js';

/**
 * Edits one frame at large strengths and ranks the results. `pickEdit` picks one of them as an example for `finetune`.
 *
 * Writes every picture with its sidecar, `sheet.png`, `original.png` and `result.json`, and logs a run of the experiment
 * `edit` unless `track` is false. After an interruption, the same call continues from the finished edits.
 *
 * @throws UsageError for a bad video, frame, strength, seed or folder; FailureError when numbers turn NaN or the disk is
 *   full
 */
export async function proposeEdits(model: Model, input: VideoInput, options: ProposeEditsOptions): Promise<FrameEdits> {
  const video = await repeatable(input);
  const asked = resolveProposal(model, options);
  return trackedEdits(model, video, asked, {
    experiment: 'edit',
    which: (frame) => ({ frame }),
    async arrange(original, rendered) {
      const edits = rankEdits(rendered);
      return { edits, sheet: await rankedSheet(original, edits) };
    },
    async write(proposals, comments) {
      const sidecars = proposals.edits.map((edit) => sidecarOf(model, edit, asked, pathOf(video)));
      const settings = await proposalSettings(model, video, proposals.frame, asked);
      return writeProposals(proposals, sidecars, { settings, comments, ...(options.auto && { pick: 1 }) });
    },
    metrics({ edits: [{ scores }] }) {
      return { kept: scores.kept, edit_strength: scores.editStrength, rank: scores.rank };
    },
  });
}

/**
 * The proposals that `proposeEdits` stored for the same options: in `out`, else in its latest folder.
 *
 * @throws UsageError for a bad video or frame, or when there are no proposals, or with other settings
 */
export async function findProposals(
  model: Model,
  video: RepeatableVideo,
  options: ProposeEditsOptions,
): Promise<StoredEdits> {
  const asked = resolveProposal(model, options);
  const { root, track } = options;
  const frame = await frameNumber(video, options);
  const name = editsName(video, { frame });
  const out = options.out ?? (await lastWork({ experiment: 'edit', name, root, track: track !== false }));
  if (out === undefined) {
    throw new UsageError(`edit: no edits of this frame were proposed yet; propose some first, without picking one`);
  }
  return readProposals(out, await proposalSettings(model, video, frame, asked));
}

/** The settings that must be equal when an edit is picked later. */
async function proposalSettings(
  model: Model,
  video: RepeatableVideo,
  frame: number,
  options: ResolvedEditOptions,
): Promise<Settings> {
  const { crop, strengths, seeds } = options;
  const { config, vae, ...checkpoint } = model.checkpoint.options;
  const { loras, embeddings, clipSkip, controls } = model;
  return {
    video: locationOf(video),
    // The path does not identify an opened video, or frames.
    ...(typeof video !== 'string' && { content: await hashVideo(video) }),
    ...identifyingSettings(FRAME_SELECTION, options),
    ...given({ crop }),
    frame,
    model: resolve(model.path),
    ...Object.fromEntries(Object.entries(given({ config, vae })).map(([name, path]) => [name, resolve(path)])),
    ...checkpoint,
    loras: loras.map(({ file, scale = 1 }) => ({ file: resolve(file), scale })),
    ...(embeddings.length > 0 && { embeddings: embeddings.map((each) => ({ ...each, file: resolve(each.file) })) }),
    ...(clipSkip > 0 && { clipSkip }),
    ...(controls.length > 0 && { controls: controls.map(located) }),
    denoise: identifyingSettings(DENOISE, options),
    strengths,
    seeds,
  };
}

/** The request for a control with absolute paths. */
function located(control: Control): ControlRequest {
  const { path, map, ...request } = requestOf(control);
  return { ...request, path: resolve(path), ...(map !== undefined && { map: resolve(map) }) };
}

function resolveProposal({ controls }: Model, options: ProposeEditsOptions): ResolvedEditOptions {
  const { strengths, seeds, ...resolved } = resolveEditOptions(options, {
    strengths: controls.length > 0 ? CONTROLLED_STRENGTHS : PROPOSED_STRENGTHS,
    seeds: PROPOSED_SEEDS,
  });
  return { ...resolved, strengths: [...new Set(strengths)], seeds: [...new Set(seeds)] };
}
