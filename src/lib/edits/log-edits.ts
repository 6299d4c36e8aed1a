// The edits of one frame as a run.

import { basename } from 'node:path';
import { sha256Json } from '../base/hash.js';
import type { Settings } from '../base/settings.js';
import type { Model } from '../models/model.js';
import { comparisonInputs, denoiseParameters } from '../renderings/log-comparison.js';
import { givenOptions, type WorkOptions } from '../tracking/log/tracked-work.js';
import { pathOf, type RepeatableVideo } from '../video/read/video.js';
import { shotName } from '../video/shot-name.js';
import type { ResolvedEditOptions } from './edit-options.js';

/** The frame by its index, or by its time if that was given. */
export type Which = { readonly frame: number } | { readonly at: number };

/** `street-frame-12`, `street-at-0.5s`. */
export function editsName(video: RepeatableVideo, which: Which): string {
  return `${shotName(pathOf(video))}-${'at' in which ? `at-${which.at}s` : `frame-${which.frame}`}`;
}

/** Options of the run of edits of a frame; `hashes` are those of `hashVideo` and `hashModel`. */
export function editsRun(
  experiment: 'frame' | 'edit',
  model: Model,
  { video, hashes }: { readonly video: RepeatableVideo; readonly hashes: Settings },
  { which, ...options }: ResolvedEditOptions & { readonly which: Which },
): WorkOptions {
  const { strengths, seeds, out, frame: _, at: __, ...rest } = options;
  const common = denoiseParameters(model, pathOf(video), rest, rest);
  return {
    ...{ experiment, name: editsName(video, which) },
    key: sha256Json(JSON.parse(JSON.stringify({ ...hashes, ...common, strengths, seeds, ...which }))),
    parameters: { ...common, strength: strengths, seed: seeds, ...which },
    given: {
      video: pathOf(video),
      model: basename(model.path),
      ...givenOptions({ ...rest, strengths, seeds, ...which }),
    },
    inputs: comparisonInputs(model, video, hashes),
    device: model.runsOn,
    ...{ out, track: options.track, root: options.root, command: options.command },
    ...{ mlflow: options.mlflow, onWarning: options.onWarning },
  };
}
