// What made the pictures and videos of renderings, for their metadata: the command that makes them again, and its settings.

import { basename } from 'node:path';
import { given } from '../base/given.js';
import { type MadeInput, madeText, madeWith } from '../base/made-with.js';
import type { Settings } from '../base/settings.js';
import { requestOf } from '../models/controls/controls.js';
import type { Model } from '../models/model.js';
import { ownName } from '../models/own-name.js';
import { givenSettings, withDefaults } from '../settings/defaults.js';
import { renameFiles } from '../settings/renamed-files.js';
import type { OptionsOf } from '../settings/setting.js';
import { identifyingSettings, identifyingSteadiness } from '../settings/stored.js';
import { DENOISE, OUTPUT, OWN, SELECTION } from '../settings/table.js';
import { renderSize } from '../video/read/open-for-model.js';
import type { OpenVideoOptions } from '../video/read/open-video.js';
import { pathOf, type RepeatableVideo } from '../video/read/video.js';
import type { Compared, ComparisonOptions } from './comparison-options.js';
import { comparisonInputs } from './log-comparison.js';
import type { Rendering } from './rendering.js';

/** The text for the metadata of a file that a command makes; undefined where it is to have none. */
export type Comment = (command: string, settings: Readonly<Record<string, unknown>>) => string | undefined;

/** What files are made from. */
export interface MadeFrom {
  readonly video: RepeatableVideo;
  /** The hashes of `hashVideo` and `hashModel`. */
  readonly hashes: Settings;
  /** Files besides the video and those of the model. */
  readonly inputs?: readonly MadeInput[];
}

/** Texts for the files that are made of a video with a model. */
export function commentsOf(
  model: Model,
  { video, hashes, inputs: others = [] }: MadeFrom,
  options: OptionsOf<typeof SELECTION & typeof OUTPUT & typeof DENOISE> & Pick<OpenVideoOptions, 'crop'>,
): Comment {
  if (!withDefaults(OUTPUT, options).metadata) return () => undefined;
  const size = renderSize(model, options.size);
  const subject = {
    video: basename(pathOf(video)),
    ...modelSettings(model),
    ...givenSettings(SELECTION, { ...options, size }),
    ...given({ crop: options.crop }),
    ...renameFiles(identifyingSettings(DENOISE, options), ownName),
  };
  const named = comparisonInputs(model, video, hashes).map((input) => ({
    ...input,
    name: input.path === undefined ? input.name : ownName(input.path),
  }));
  const inputs = [...named, ...others];
  return (command, settings) => {
    return madeText(madeWith({ command, device: model.runsOn, settings: { ...subject, ...settings }, inputs }));
  };
}

/** A model and what is applied to it, as options of commands, with files by their names. */
function modelSettings(model: Model): Record<string, unknown> {
  const { path, checkpoint, loras, embeddings, controls, clipSkip, engine, precision } = model;
  const { config, vae, prediction, variant } = checkpoint.options;
  const settings = given({
    ...{ model: path, config, vae, prediction, variant },
    loras: loras.length > 0 ? loras : undefined,
    embeddings: embeddings.length > 0 ? embeddings : undefined,
    controls: controls.length > 0 ? controls.map(requestOf) : undefined,
    clipSkip: clipSkip > 0 ? clipSkip : undefined,
    engine: engine === 'onnx' ? undefined : engine,
    precision: precision === 'float32' ? undefined : precision,
  });
  return renameFiles(settings, ownName);
}

/** What differs between renderings that one command makes, in lists where there may be several. */
export function renderingsSettings(
  kind: string,
  { controls }: Pick<Model, 'controls'>,
  renderings: readonly Rendering[],
): Record<string, unknown> {
  const [{ options: shared }] = renderings;
  const own = renderings.map(({ options }) => {
    const { seed, ...rest } = withDefaults(OWN, options);
    return { ...rest, seed: Number(seed) };
  });
  const [{ strength, strengthSchedule, seed, noise }] = own;
  const { batch, anchor, adain } = OWN;
  const several =
    kind === 'seeds'
      ? { strength, seeds: distinct(own.map((one) => one.seed)), noise: distinct(own.map((one) => one.noise)) }
      : { ...(strengthSchedule === undefined && { strengths: own.map((one) => one.strength) }), seed, noise };
  return {
    ...several,
    ...given({ strengthSchedule }),
    ...identifyingSettings({ batch, anchor, adain }, shared),
    ...identifyingSteadiness({ ...shared, controls }),
  };
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

/** The texts for the files of a comparison: of each rendering by its name, and of what shows all of them. */
export function comparisonComments(
  { kind, renderings }: Pick<Compared, 'kind' | 'renderings'>,
  model: Model,
  comment: Comment,
  { columns, audio }: Pick<ComparisonOptions, 'columns' | 'audio'>,
): { readonly all: string | undefined; readonly each: Readonly<Record<string, string | undefined>> } {
  const of = (some: readonly Rendering[], more: object): string | undefined =>
    comment(kind, { ...renderingsSettings(kind, model, some), ...given({ audio: audio || undefined }), ...more });
  return {
    all: of(renderings, given({ columns })),
    each: Object.fromEntries(renderings.map((rendering) => [rendering.name, of([rendering], {})])),
  };
}
