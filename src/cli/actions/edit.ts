// `steadyframe edit`: proposes and ranks edits of one frame, and picks the one to finetune on.

import { UsageError } from '../../lib/base/errors.js';
import { given } from '../../lib/base/given.js';
import type { ProposeEditsOptions } from '../../lib/edits/edit-options.js';
import { findEdit, pickEdit, readProposals, type StoredEdits } from '../../lib/edits/edits-folder.js';
import type { FrameEdit } from '../../lib/edits/frame-edit.js';
import { findProposals, proposeEdits } from '../../lib/edits/propose-edits.js';
import { COMPOSITION_LOST } from '../../lib/metrics/composition.js';
import { checkPrompts } from '../../lib/models/check-prompts.js';
import { chosenSettings, givenSettings } from '../../lib/settings/defaults.js';
import { DENOISE, OUTPUT, SELECTION } from '../../lib/settings/table.js';
import { type EditValues, PART } from '../commands/edit.js';
import { type Context, shellCommand } from '../context.js';
import { appliedArguments, checkpointArguments } from '../model-options.js';
import { sizeArguments, trackingSettings } from '../render-options.js';
import { flagArguments } from '../setting-flags.js';
import { formatPlural, formatTable, formatTimestep } from '../table.js';
import { withModel } from './with-model.js';

export async function run(context: Context, video: string, values: EditValues): Promise<void> {
  const { pick, auto = false } = values;
  if (pick !== undefined && auto) throw new UsageError('--pick and --auto exclude each other; leave one of them out');
  if (values.quiet) context.quieten();
  const { at, frame, out, strengths, seeds } = values;
  let kept = 0;
  const options: ProposeEditsOptions = {
    ...chosenSettings(DENOISE, values),
    ...givenSettings({ ...SELECTION, ...OUTPUT }, values),
    ...trackingSettings(values, context),
    ...given({ at, frame, out, strengths }),
    ...{ seeds, ...(auto && { auto }) },
    ...{ onProgress: context.reporter.report, onWarning: context.warn, signal: context.terminal.signal },
    onEdit: () => {
      kept++;
    },
  };
  const proposals = await withModel(values, context, async (model) => {
    if (pick !== undefined) return findProposals(model, video, options);
    checkPrompts(model, values, context.warn);
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

/** Asks the user for an edit on an interactive terminal; undefined elsewhere, or when they choose none. */
async function askForOne(
  { sheet, edits }: StoredEdits,
  { json }: EditValues,
  { terminal }: Context,
): Promise<string | undefined> {
  if (terminal.ask === undefined || json) return undefined;
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

/** Prints the edits and the next command. */
async function report({ video, values, proposals, picked }: Reported, context: Context): Promise<void> {
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

/** The options of model, size and selection, as arguments of finetune. */
function modelArguments(values: EditValues): string[] {
  const { model, device, engine, precision, strict } = values;
  return [
    ...['--model', model],
    ...appliedArguments(values),
    ...checkpointArguments(values),
    ...(device === undefined ? [] : ['--device', device]),
    ...(engine === undefined ? [] : ['--engine', engine]),
    ...(precision === undefined ? [] : ['--precision', precision]),
    ...(strict ? ['--strict'] : []),
    ...sizeArguments(values),
    ...flagArguments(PART, values),
  ];
}
