// `steadyframe recipe`: the published recipe on anyone's video and checkpoint, or on a bundled shot, with a report.

import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { UsageError } from '../lib/base/errors.js';
import { given } from '../lib/base/given.js';
import type { RecipeOptions, Training, Truth, TunedArm } from '../lib/recipe/options.js';
import type { RecipeResult } from '../lib/recipe/result.js';
import { PROPOSED_SEEDS } from '../lib/settings/lists.js';
import type { OptionsOf } from '../lib/settings/setting.js';
import { FINETUNE, RENDER, SELECTION } from '../lib/settings/table.js';
import type { Style } from '../lib/world/styles/styles.js';
import type { Context } from './context.js';
import { addModelOptions, type ModelOptions, withModel } from './model-options.js';
import {
  addOutputOptions,
  addTrackingOptions,
  type OutputValues,
  type TrackingValues,
  trackingSettings,
} from './render-options.js';
import { addSettings } from './setting-flags.js';
import { formatNumber, formatTable, formatTimestep } from './table.js';
import { integer, listOf, listOption, number } from './values.js';

const EXAMPLES = `
Renders the video with the plain model at each strength, picks an edited frame among proposals made at large strengths, finetunes
the model on the video and that frame, and renders with it at the first strength. Writes the 2x2 grid (clockwise from top left:
original, first strength, finetuned, second strength) as mp4 and WebP, all videos, result.json, curves.csv and report.html.

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
  guidanceScale,
  noise: _noise,
  noiseDraw: _noiseDraw,
  ...DENOISE
} = RENDER;
const { iterations, trainingFrames, learningRate, trainingBatch, objective, train } = FINETUNE;
const TRAINING = { iterations, trainingFrames, learningRate, trainingBatch, objective, train };
/** The preset decides these where they are not given. */
const BY_PRESET = Object.fromEntries(Object.keys({ guidanceScale, ...TRAINING }).map((name) => [name, undefined]));

interface RecipeValues
  extends ModelOptions,
    TrackingValues,
    OutputValues,
    OptionsOf<typeof SELECTION>,
    OptionsOf<typeof TRAINING>,
    Required<OptionsOf<typeof DENOISE>> {
  prompt: string[];
  shot?: string;
  style?: Style;
  preset: 'published' | 'demo';
  strengths: number[];
  guidanceScale?: number;
  tunedGuidance?: number;
  editFrame?: number;
  example?: string[];
  proposalStrengths?: number[];
  proposalSeeds: number[];
  proposalGuidance?: number;
  out?: string;
  resume?: boolean;
}

/** Adds the command to the program. */
export function addRecipe(program: Command, context: Context): void {
  const command = program
    .command('recipe')
    .summary('the published recipe on one video, with a report')
    .description('Compares plain and finetuned editing of one video: renderings, numbers and a report.')
    .argument('[video]', 'a video, a GIF, or a folder of pictures');
  const described = addModelOptions(command)
    .requiredOption('-p, --prompt <text>', 'what to show; repeated, the others are only trained', collect)
    .option('--shot <name>', 'a bundled shot in place of a video: its true edit is known')
    .option('--style <name>', 'the style that the prompt means, for the truth of a bundled shot')
    .addOption(
      new Option('--preset <name>', 'settings to start from').choices(['published', 'demo']).default('published'),
    )
    .addOption(
      listOption(
        '--strengths <list>',
        'of the plain model; the first is finetuned',
        number,
        [0.45, 0.75, 0.3, 0.6, 0.9, 1],
      ),
    );
  addSettings(addSettings(described, { guidanceScale }, { defaults: BY_PRESET }), DENOISE, { defaults: { batch: 4 } })
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
        'strengths of proposals; 0.75,0.85,0.95, or 0.55,0.65,0.75 with the demo preset',
      ).argParser(listOf(number)),
    )
    .addOption(listOption('--proposal-seeds <list>', 'seeds of proposals', integer, PROPOSED_SEEDS))
    .option('--proposal-guidance <scale>', 'guidance scale of proposals', number);
  addSettings(addSettings(described, { size, ...PART }), TRAINING, { defaults: BY_PRESET })
    .option('-o, --out <dir>', 'folder for the results; a new one under runs/ by default')
    .option('--resume', 'continue an interrupted run with the same options');
  addOutputOptions(addTrackingOptions(command))
    .addHelpText('after', EXAMPLES)
    .action((video: string | undefined, values: RecipeValues) => run(video, values, context));
}

const collect = (text: string, before: string[] = []): string[] => [...before, text];

async function run(video: string | undefined, values: RecipeValues, context: Context): Promise<void> {
  const { runRecipe } = await import('../lib/recipe/run-recipe.js');
  const { openBundledShot } = await import('../experiments/published-recipe/bundled-shot.js');
  if (values.quiet) context.quieten();
  if ((video === undefined) === (values.shot === undefined)) {
    throw new UsageError('recipe: give a video, or the name of a bundled shot with --shot, and not both');
  }
  const { frames, style } = values;
  const bundled =
    values.shot === undefined
      ? undefined
      : await openBundledShot(values.shot, {
          ...(style !== undefined && { style }),
          ...(frames !== undefined && { frames }),
        });
  const truth = bundled?.truth;
  const options = { ...(await recipeOptions(values, truth, context)), ...given({ truth }) };
  await withModel(values, context, async (model) => {
    const { out, report, result } = await runRecipe(model, video ?? bundled!.path, options);
    context.reporter.close();
    context.terminal.out(
      values.json ? `${JSON.stringify({ out, report, ...result }, null, 1)}\n` : summary(result, out, report),
    );
  });
}

async function recipeOptions(values: RecipeValues, truth: Truth | undefined, context: Context): Promise<RecipeOptions> {
  const { DEMO_GUIDANCE, DEMO_PROPOSALS, DEMO_TRAINING } = await import('../lib/recipe/options.js');
  const { PROPOSED_STRENGTHS } = await import('../lib/edits/propose-edits.js');
  const isDemo = values.preset === 'demo';
  const { start, duration, every, frameRate, frames, out, resume, editFrame, batch, seed, steps, sampler } = values;
  const asked = {
    trainingFrames: values.trainingFrames,
    objective: values.objective,
    train: values.train && { kind: values.train },
    learningRate: values.learningRate,
    iterations: values.iterations,
    batch: values.trainingBatch,
  };
  const training: Training = { ...(isDemo && DEMO_TRAINING), ...given(asked) };
  const guidance = values.guidanceScale ?? (isDemo ? DEMO_GUIDANCE.plain : 7.5);
  const tuned = values.tunedGuidance ?? (isDemo ? DEMO_GUIDANCE.tuned : 7.5);
  return {
    ...trackingSettings(values, context),
    ...given({ size: values.size, start, duration, every, frameRate, frames, out, resume, editFrame }),
    ...{ batch, seed, steps, sampler, negativePrompt: values.negativePrompt },
    prompts: values.prompt,
    strengths: values.strengths,
    guidanceScale: guidance,
    proposals: {
      strengths: values.proposalStrengths ?? (isDemo ? DEMO_PROPOSALS : PROPOSED_STRENGTHS),
      seeds: values.proposalSeeds,
      ...given({ guidanceScale: values.proposalGuidance ?? (isDemo ? DEMO_GUIDANCE.proposals : undefined) }),
    },
    tuned: (await examples(values, truth)).map((example) => ({ ...example, training, guidance: [tuned] })),
    onProgress: context.reporter.report,
    onWarning: context.warn,
    onFolder: (folder) => context.reporter.note(`steadyframe: writing into ${folder}`),
    signal: context.terminal.signal,
  };
}

/** The edited frames that are learned; where the truth is known, by default it beside the picked one. */
async function examples(
  { example, prompt, editFrame, shot, style }: RecipeValues,
  truth: Truth | undefined,
): Promise<Pick<TunedArm, 'name' | 'label' | 'edits'>[]> {
  const { heldOutShot, shotPicture } = await import('../lib/world/held-out-shots.js');
  const { readEdit } = await import('../lib/edits/sidecar.js');
  const asked = [...new Set(example ?? (truth ? ['true', 'picked'] : ['picked']))];
  const made: Pick<TunedArm, 'name' | 'label' | 'edits'>[] = [];
  for (const [i, which] of asked.entries()) {
    const arm = {
      name: asked.length === 1 ? 'finetuned' : `finetuned-${which === 'true' || which === 'picked' ? which : i + 1}`,
      label:
        asked.length === 1
          ? 'finetuned'
          : `finetuned on the ${which === 'true' || which === 'picked' ? which : basename(which)} edit`,
    };
    if (which === 'picked') made.push({ ...arm, edits: 'picked' });
    else if (which !== 'true') {
      const edit = await readEdit(which);
      made.push({ ...arm, edits: prompt.map((text) => ({ ...edit, prompt: text })) });
    } else {
      if (!truth || shot === undefined || style === undefined) {
        throw new UsageError(
          '--example true: the true edit is known of bundled shots only; name one with --shot and --style',
        );
      }
      const frame = editFrame ?? Math.floor(truth.car.length / 2);
      const picture = shotPicture(heldOutShot(shot), frame, style);
      made.push({ ...arm, edits: prompt.map((text) => ({ picture, frame, prompt: text })) });
    }
  }
  return made;
}

function summary({ arms, source, claims, grid, truthFloor }: RecipeResult, out: string, report: string): string {
  const withTruth = truthFloor !== null;
  const headings = [
    '',
    'first timestep',
    'edit strength',
    'flicker',
    'per contrast',
    'warping error',
    'per variance',
    'motion',
  ];
  const row = (label: string, timestep: number | null, metrics: RecipeResult['source']['means']): string[] => [
    label,
    timestep === null ? '-' : formatTimestep(timestep),
    formatNumber(metrics.edit_strength ?? 0),
    formatNumber(metrics.flicker_ratio),
    formatNumber(metrics.contrast_normalised_flicker),
    formatNumber(metrics.warping_error),
    formatNumber(metrics.warping_error_normalised),
    formatNumber(metrics.tof),
  ];
  const table = formatTable(
    [...headings, ...(withTruth ? ['error to truth', 'car'] : [])],
    [
      [...row('original', null, source.means), ...(withTruth ? ['-', '-'] : [])],
      ...arms.map(({ label, firstTimestep, metrics, truth }) => [
        ...row(label, firstTimestep, metrics),
        ...(truth ? [formatNumber(truth.truthError), formatNumber(truth.carCorrelation)] : []),
      ]),
    ],
  );
  const verdicts = [...new Set(claims.map(({ arm }) => arm))].flatMap((arm) => [
    `${arm}:`,
    ...claims
      .filter((claim) => claim.arm === arm)
      .map(({ claim, held, measured }) => `  ${held === null ? '?' : held ? 'yes' : 'no '}  ${claim}: ${measured}`),
  ]);
  return `${table}\n${verdicts.join('\n')}\n\ngrid:   ${out}/${grid.mp4}\nreport: ${report}\n`;
}
