// The flags and help of `steadyframe recipe`.

import { type Command, Option } from 'commander';
import { PRESETS, RECIPE_BATCH, RECIPE_STRENGTHS } from '../../lib/recipe/presets.js';
import { CONTROLLED_STRENGTHS, PROPOSED_SEEDS } from '../../lib/settings/lists.js';
import type { OptionsOf } from '../../lib/settings/setting.js';
import { FINETUNE, type OUTPUT, RENDER, SELECTION, STEADY, SUBJECT } from '../../lib/settings/table.js';
import type { Style } from '../../lib/world/styles/styles.js';
import { addModelOptions, type ModelOptions } from '../model-options.js';
import {
  addMetadataOption,
  addOutputOptions,
  addTrackingOptions,
  type OutputValues,
  type TrackingValues,
} from '../render-options.js';
import { addSettings } from '../setting-flags.js';
import { integer, listOf, listOption, number } from '../values.js';

const collect = (text: string, before: string[] = []): string[] => [...before, text];

const EXAMPLES = `
Renders the video with the plain model at each strength, picks an edited frame among proposals made at large strengths, finetunes
the model on the video and that frame, and renders with it at the first strength: every frame, as published, and steadily, the
keyframes only. Writes the 2x2 grid (clockwise from top left: original, first strength, steady, second strength) as mp4 and WebP, all videos, result.json, curves.csv and report.html.

The preset "published" has the published recipe's numbers; "demo" those that suit the demo model, a hundredth of its size.

Examples:
  steadyframe recipe shot.mp4 --model sd15/ --prompt "a cyberpunk city at night"
  steadyframe recipe shot.mp4 --model sd15/ --prompt "a city at night" --prompt "neon lights" --iterations 400
  steadyframe recipe --shot red-car-curve --style neon --model models/demo --preset demo \\
    --prompt "a cyberpunk neon painting of a city street at night"`;

const { size, ...PART } = SELECTION;
const {
  prompt: _prompt,
  strength: _strength,
  strengthSchedule: _strengthSchedule,
  guidanceScale,
  guidanceSchedule: _guidanceSchedule,
  noise: _noise,
  noiseDraw: _noiseDraw,
  preset: _preset,
  anchor: _anchor,
  adain: _adain,
  mask: _mask,
  negativeMask: _negativeMask,
  maskKey: _maskKey,
  feather: _feather,
  ...RENDERED
} = RENDER;

export { RENDERED };

const { iterations, trainingFrames, learningRate, trainingBatch, objective, train } = FINETUNE;
export const TRAINED = { iterations, trainingFrames, learningRate, trainingBatch, objective, train };
/** Settings without a default of their own: the preset's values apply. */
const BY_PRESET = Object.fromEntries(Object.keys({ guidanceScale, ...TRAINED }).map((name) => [name, undefined]));

/** Values of the options. */
export interface RecipeValues
  extends ModelOptions,
    TrackingValues,
    OutputValues,
    OptionsOf<typeof SELECTION>,
    OptionsOf<typeof OUTPUT>,
    OptionsOf<typeof TRAINED>,
    OptionsOf<typeof STEADY>,
    Required<OptionsOf<typeof RENDERED>> {
  prompt: string[];
  shot?: string;
  style?: Style;
  preset: keyof typeof PRESETS;
  strengths: number[];
  guidanceScale?: number;
  tunedGuidance?: number;
  editFrame?: number;
  steady: boolean;
  example?: string[];
  proposalStrengths?: number[];
  proposalSeeds: number[];
  proposalGuidance?: number;
  out?: string;
  resume?: boolean;
}

/** Adds the command to the program. */
export function addRecipe(program: Command): Command {
  const command = program
    .command('recipe')
    .summary('the published recipe on one video, with a report')
    .description('Compares plain and finetuned editing of one video: renderings, numbers and a report.')
    .argument('[video]', SUBJECT.video.help);
  const described = addModelOptions(command)
    .requiredOption('-p, --prompt <text>', 'what to show; repeated, the others are only trained', collect)
    .option('--shot <name>', 'a bundled shot in place of a video: its true edit is known')
    .option('--style <name>', 'the style that the prompt means, for the truth of a bundled shot')
    .addOption(
      new Option('--preset <name>', 'settings to start from').choices(Object.keys(PRESETS)).default('published'),
    )
    .addOption(
      listOption('--strengths <list>', 'of the plain model; the first is finetuned', number, RECIPE_STRENGTHS),
    );
  addSettings(addSettings(described, { guidanceScale }, { defaults: BY_PRESET }), RENDERED, {
    defaults: { batch: RECIPE_BATCH },
  })
    .option('--tuned-guidance <scale>', 'guidance scale of the finetuned model', number)
    .option('--edit-frame <n>', 'number of the frame that is edited, from 0; the middle one by default', integer)
    .addOption(
      new Option(
        '--example <list>',
        'the edited frames that are learned, a finetuning each: picked of proposals, true (of a bundled shot in --style), or a file that edit wrote',
      ).argParser(listOf((text) => text)),
    )
    .addOption(
      new Option(
        '--proposal-strengths <list>',
        `strengths of proposals; ${PRESETS.published.proposals}, or ${PRESETS.demo.proposals} with the demo preset, or ${CONTROLLED_STRENGTHS} with a control`,
      ).argParser(listOf(number)),
    )
    .addOption(listOption('--proposal-seeds <list>', 'seeds of proposals', integer, PROPOSED_SEEDS))
    .option('--proposal-guidance <scale>', 'guidance scale of proposals', number);
  described.option('--no-steady', 'leave out the rendering of keyframes only, which is shown in place of the recipe’s');
  addSettings(addSettings(described, STEADY), { size, ...PART });
  addSettings(described, TRAINED, { defaults: BY_PRESET })
    .option('-o, --out <dir>', 'folder for the results; a new one under runs/ by default')
    .option('--resume', 'continue an interrupted run with the same options');
  return addOutputOptions(addTrackingOptions(addMetadataOption(command))).addHelpText('after', EXAMPLES);
}
