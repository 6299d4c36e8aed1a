// Edits of one frame as a run: `frame` and `edit` are remembered by it.

import { basename } from 'node:path';
import { sha256Json, sha256Path } from '../base/hash.js';
import type { DenoiseOptions } from '../diffusion/img2img.js';
import { hashModel } from '../models/checkpoint/hash-model.js';
import type { Model } from '../models/model.js';
import { comparisonInputs, denoiseParameters } from '../renderings/log-comparison.js';
import type { TrackingOptions, WorkOptions } from '../tracking/log/tracked-work.js';
import { givenOptions } from '../tracking/log/tracked-work.js';
import type { OpenVideoOptions } from '../video/read/open-video.js';

/** What was asked for. */
export interface LoggedEdits extends DenoiseOptions, Pick<OpenVideoOptions, 'size'> {
  readonly seeds: readonly number[];
  readonly strengths: readonly number[];
  readonly noiseDraw?: number;
  /** The frame's number, or its time in seconds. */
  readonly frame?: number;
  readonly at?: number;
}

/** The run that edits of a frame are. */
export async function editsRun(
  experiment: 'frame' | 'edit',
  name: string,
  model: Model,
  video: string,
  options: LoggedEdits,
  tracking: TrackingOptions & { readonly out?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<WorkOptions> {
  const { strengths, seeds, frame, at, size } = options;
  const settings = { video: await sha256Path(video), ...(await hashModel(model, tracking)) };
  const common = denoiseParameters(model, video, { size }, options);
  return {
    ...tracking,
    ...{ experiment, name },
    key: sha256Json(JSON.parse(JSON.stringify({ ...settings, ...common, strengths, seeds, frame, at }))),
    parameters: { ...common, strength: strengths, seed: seeds, ...(frame === undefined ? { at } : { frame }) },
    given: { video, model: basename(model.path), ...givenOptions(options) },
    inputs: comparisonInputs(model, video, settings),
    device: model.device,
  };
}
