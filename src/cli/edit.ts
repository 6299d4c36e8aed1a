// `steadyframe edit`: the example frame for finetuning, proposed several times over, ranked, and picked.

import type { Command } from 'commander';
import { UsageError } from '../lib/base/errors.js';
import { given } from '../lib/base/given.js';
import type { ProposeEditsOptions } from '../lib/edits/edit-options.js';
import type { StoredEdits } from '../lib/edits/edits-folder.js';
import type { FrameEdit } from '../lib/edits/frame-edit.js';
import { PROPOSED_SEEDS, PROPOSED_STRENGTHS } from '../lib/settings/lists.js';
import type { OptionsOf } from '../lib/settings/setting.js';
import { SELECTION, SUBJECT } from '../lib/settings/table.js';
import { type Context, shellCommand } from './context.js';
import { appliedArguments, checkPrompts, checkpointArguments, withModel } from './model-options.js';
import {
  addDenoiseOptions,
  addOutputOptions,
  addTrackingOptions,
  type DenoiseValues,
  denoiseSettings,
  sizeArguments,
  type TrackingValues,
  trackingSettings,
} from './render-options.js';
import { addSettings, flagArguments } from './setting-flags.js';
import { formatPlural, formatTable, formatTimestep } from './table.js';
import { integer, listOption, number, seconds } from './values.js';

const EXAMPLES = `
Writes sheet.png (the original, then the edits, the best first), every edit with a sidecar of the same name that says how it was
made (.json), and result.json. The one that is picked is copied to edit.png and edit.json, for finetune --edit. An edit is good
where colours have changed and composition has not; the rank weighs both, your eyes decide:
  kept    0 to 1: how well outlines agree with the original's, and optical flow finds them in place; 0.4 is little
  edit    mean absolute difference to the original, 0 to 255
  rank    kept * (1 - exp(-edit / 40)); edits that keep less than 0.4 come last
Interrupted, the same command goes on with the edits that it has.

Examples:
  steadyframe edit shot.mp4 --model sd15/ --prompt "a cyberpunk city at night" --at 1.5s
  steadyframe edit shot.mp4 --model sd15/ --prompt "a cyberpunk city at night" --at 1.5s --pick 3
  steadyframe edit shot.mp4 --model sd15/ --prompt "oil painting" --frame 45 --out edits/oil --auto
  steadyframe edit shot.mp4 --model sd15/ --prompt "oil painting" --strengths 0.8,1 --seeds 1,2,3,4,5,6`;

const { start, duration, every, frameRate } = SELECTION;
const PART = { start, duration, every, frameRate };

interface EditValues extends DenoiseValues, TrackingValues, OptionsOf<typeof PART> {
  at?: number;
  frame?: number;
  seeds: number[];
  strengths: number[];
  pick?: string;
  auto?: boolean;
}

/** Adds the command to the program. */
export function addEdit(program: Command, context: Context): void {
  const command = program
    .command('edit')
    .summary('propose edits of one frame, and pick the one to finetune on')
    .description('Proposes edits of one frame at large strengths, ranked, as the example that finetuning learns from.')
    .argument('<video>', SUBJECT.video.help)
    .option('--at <time>', 'which frame: the one shown at this time; the middle one by default', seconds)
    .option('--frame <n>', 'which frame, by its number from 0', integer);
  addDenoiseOptions(addSettings(command, PART))
    .addOption(listOption('--strengths <list>', 'strengths in (0, 1]', number, PROPOSED_STRENGTHS))
    .addOption(listOption('--seeds <list>', "seeds of the noise: torch.randn's numbers", integer, PROPOSED_SEEDS))
    .option('--pick <number|name>', 'pick one of the edits that are there, without rendering again')
    .option('--auto', 'pick the edit of the highest rank');
  addOutputOptions(addTrackingOptions(command))
    .option('-o, --out <dir>', 'folder for the pictures; a new one under runs/ by default')
    .addHelpText('after', EXAMPLES)
    .action((video: string, values: EditValues) => run(video, values, context));
}

async function run(video: string, values: EditValues, context: Context): Promise<void> {
  const { pickEdit, readProposals } = await import('../lib/edits/edits-folder.js');
  const { findProposals, proposeEdits } = await import('../lib/edits/propose-edits.js');
  const { pick, auto = false } = values;
  if (pick !== undefined && auto) throw new UsageError('--pick and --auto exclude each other; leave one of them out');
  if (values.quiet) context.quieten();
  const { at, frame, start, duration, every, frameRate, size, out, strengths, seeds } = values;
  let kept = 0;
  const options: ProposeEditsOptions = {
    ...denoiseSettings(values),
    ...trackingSettings(values, context),
    ...given({ at, frame, start, duration, every, frameRate, size, out }),
    ...{ strengths, seeds, ...(auto && { auto }) },
    ...{ onProgress: context.reporter.report, onWarning: context.warn, signal: context.terminal.signal },
    onEdit: () => {
      kept++;
    },
  };
  const proposals = await withModel(values, context, async (model) => {
    if (pick !== undefined) return findProposals(model, video, options);
    checkPrompts(model, values, context);
    try {
      return await readProposals((await proposeEdits(model, video, options)).out);
    } catch (error) {
      if (kept > 0 && !(error instanceof UsageError)) {
        context.remedy = `${formatPlural(kept, 'finished edit')} kept; go on with:\n  ${shellCommand(context.args)}`;
      }
      throw error;
    } finally {
      context.reporter.close();
    }
  });
  const choice = pick ?? (auto ? 1 : await askForOne(proposals, values, context));
  const picked = choice === undefined ? undefined : await pickEdit(proposals.out, choice);
  await report({ video, values, proposals, picked }, context);
}

/** Lets the user name an edit where someone is there to answer; undefined where not, or where they want none. */
async function askForOne(
  { sheet, edits }: StoredEdits,
  { json }: EditValues,
  { terminal }: Context,
): Promise<string | undefined> {
  if (terminal.ask === undefined || json) return undefined;
  const { findEdit } = await import('../lib/edits/edits-folder.js');
  terminal.err.write(`sheet: ${sheet}\n`);
  for (;;) {
    const answer = (await terminal.ask(`which one? [1-${edits.length}, or Enter for none] `)).trim();
    if (answer === '') return undefined;
    try {
      return findEdit(edits, answer).name;
    } catch (error) {
      terminal.err.write(`${(error as Error).message}\n`);
    }
  }
}

interface Reported {
  readonly video: string;
  readonly values: EditValues;
  readonly proposals: StoredEdits;
  readonly picked?: FrameEdit | undefined;
}

/** Prints the edits and what to run next. */
async function report({ video, values, proposals, picked }: Reported, context: Context): Promise<void> {
  const { COMPOSITION_LOST } = await import('../lib/metrics/composition.js');
  const { out, sheet, edits } = proposals;
  const next = picked
    ? shellCommand(['finetune', video, ...modelArguments(values), '--edit', picked.file])
    : shellCommand([...context.args, ...(values.out === undefined ? ['--out', out] : []), '--pick', '1']);
  if (picked && picked.scores.kept < COMPOSITION_LOST) {
    context.warn(
      `${picked.name} keeps ${picked.scores.kept.toFixed(2)} of the composition, less than ${COMPOSITION_LOST}: training on it moves things; look at it beside the original, or propose edits at lower strengths`,
    );
  }
  if (values.json) {
    const about = picked ? { name: picked.name, picture: picked.file } : null;
    context.terminal.out(`${JSON.stringify({ ...proposals, picked: about, next }, null, 1)}\n`);
    return;
  }
  const rows = edits.map(({ name, strength, seed, firstTimestep = 0, scores }, i) => [
    String(i + 1),
    String(strength),
    formatTimestep(firstTimestep),
    String(seed),
    ...[scores.edges, scores.flow, scores.kept].map((value) => value.toFixed(2)),
    scores.editStrength.toFixed(1),
    scores.rank.toFixed(2),
    `${name}.png${name === picked?.name ? '  <- picked' : ''}`,
  ]);
  const headings = [
    'no.',
    'strength',
    'first timestep',
    'seed',
    'outlines',
    'in place',
    'kept',
    'edit',
    'rank',
    'picture',
  ];
  const table = formatTable(headings, rows);
  const last = picked
    ? `picked: ${picked.file}\nnext:\n  ${next}\n`
    : `look at the sheet, then pick one (here the first):\n  ${next}\n`;
  context.terminal.out(`${table}\nframe ${proposals.frame} of ${video}, into ${out}\nsheet:  ${sheet}\n${last}`);
}

/** The options of model and size as finetune takes them. */
function modelArguments(values: EditValues): string[] {
  const { model, device, strict } = values;
  return [
    ...['--model', model],
    ...appliedArguments(values),
    ...checkpointArguments(values),
    ...(device === undefined ? [] : ['--device', device]),
    ...(strict ? ['--strict'] : []),
    ...sizeArguments(values),
    ...flagArguments(PART, values),
  ];
}
