// The settings that determine the results of a comparison bit by bit: the identity by which they are found and continued.

import type { Settings } from '../base/settings.js';
import { VERSION } from '../base/version.js';
import { hashModel } from '../models/checkpoint/hash-model.js';
import type { Model } from '../models/model.js';
import { withDefaults } from '../settings/defaults.js';
import { identifyingSettings, identifyingSteadiness } from '../settings/stored.js';
import { DENOISE, OUTPUT, OWN, SELECTION } from '../settings/table.js';
import { renderSize } from '../video/read/open-for-model.js';
import type { RepeatableVideo } from '../video/read/video.js';
import { hashVideo } from '../video/read/video-input.js';
import type { ComparisonOptions } from './comparison-options.js';
import { withHashedMasks } from './hash-masks.js';
import type { Rendering } from './rendering.js';

const { batch, anchor, adain } = OWN;

/** The settings of a comparison, with hashes of the video's and the weights' contents. */
export async function settingsOf(
  kind: string,
  model: Model,
  { video, renderings }: { readonly video: RepeatableVideo; readonly renderings: readonly Rendering[] },
  options: ComparisonOptions,
): Promise<Settings> {
  const { crop, columns, audio = false } = options;
  const size = renderSize(model, options.size);
  const settings = {
    kind,
    version: VERSION,
    video: await hashVideo(video),
    selection: { ...identifyingSettings(SELECTION, { ...options, size }), crop },
    ...(await hashModel(model, options)),
    device: model.runsOn,
    denoise: await withHashedMasks(identifyingSettings({ ...DENOISE, batch, anchor, adain }, options)),
    cells: renderings.map(({ name, options: own }) => {
      const { strength, strengthSchedule, seed, noise } = withDefaults(OWN, own);
      return {
        name,
        strength,
        strengthSchedule,
        seed: String(seed),
        noise,
        ...identifyingSteadiness({ ...own, controls: model.controls }),
      };
    }),
    columns,
    audio,
    ...identifyingSettings(OUTPUT, options),
  };
  return JSON.parse(JSON.stringify(settings));
}
