// `steadyframe edit`: the example frame for finetuning, proposed several times over, ranked, and picked.

import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../lib/base/errors.js';
import { given } from '../lib/base/given.js';
import type { FrameRequest } from '../lib/edits/choose-frame.js';
import type { PickedEdit, WrittenProposals } from '../lib/edits/edits-folder.js';
import { PROPOSED_SEEDS, PROPOSED_STRENGTHS } from '../lib/settings/lists.js';
import { SELECTION } from '../lib/settings/table.js';
import { type Context, shellCommand } from './context.js';
import { appliedArguments, checkPrompts, checkpointArguments, checkpointOptions, withModel } from './model-options.js';
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
import { addSettings } from './setting-flags.js';
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

interface EditValues extends DenoiseValues, TrackingValues {
  at?: number;
  frame?: number;
  start?: number;
  duration?: number;
  every?: number;
  frameRate?: number;
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
    .argument('<video>', 'a video, a GIF, or a folder of pictures')
    .option('--at <time>', 'which frame: the one shown at this time; the middle one by default', seconds)
    .option('--frame <n>', 'which frame, by its number from 0', integer);
  const { start, duration, every, frameRate } = SELECTION;
  addDenoiseOptions(addSettings(command, { start, duration, every, frameRate }))
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
  const { frameNumber } = await import('../lib/edits/choose-frame.js');
  const { pickEdit, readProposals } = await import('../lib/edits/edits-folder.js');
  const { shotName } = await import('../lib/video/shot-name.js');
  const { pick, auto = false, at, frame: number, start, duration, every, frameRate } = values;
  const part = given({ start, duration, every, frameRate });
  if (pick !== undefined && auto) throw new UsageError('--pick and --auto exclude each other; leave one of them out');
  if (values.quiet) context.quieten();
  const which = {
    ...given({ frame: number, at }),
    ...part,
    onWarning: context.warn,
    signal: context.terminal.signal,
  };
  const frame = await frameNumber(video, which);
  const name = `${shotName(video)}-frame-${frame}`;
  const settings = settingsOf(video, frame, values);
  if (pick !== undefined) {
    const written = await readProposals(values.out ?? (await proposedBefore(name, values)), settings);
    await report(video, values, context, written, await pickEdit(written, pick));
    return;
  }
  const written = await propose(video, which, name, values, settings, context);
  context.reporter.close();
  const choice = auto ? '1' : await askForOne(written, values, context);
  await report(video, values, context, written, choice === undefined ? undefined : await pickEdit(written, choice));
}

/** What must be the same when an edit is picked later. Values are JSON's. */
function settingsOf(video: string, frame: number, values: EditValues) {
  const {
    strengths,
    seeds,
    model,
    loras: added = [],
    embeddings = [],
    clipSkip,
    start,
    duration,
    every,
    frameRate,
    size,
  } = values;
  const loras = added.map(({ file, scale = 1 }) => ({ file: resolve(file), scale }));
  const text = given({
    embeddings: embeddings.length > 0 ? embeddings.map((each) => ({ ...each, file: resolve(each.file) })) : undefined,
    clipSkip,
  });
  const denoise = denoiseSettings(values);
  const part = given({ start, duration, every, frameRate, size });
  const { config, vae, ...said } = checkpointOptions(values);
  const paths = Object.entries(given({ config, vae })).map(([key, path]) => [key, resolve(path)]);
  const checkpoint = { ...Object.fromEntries(paths), ...said };
  return {
    video: resolve(video),
    ...part,
    frame,
    model: resolve(model),
    ...checkpoint,
    loras,
    ...text,
    denoise,
    strengths,
    seeds,
  };
}

/** Where edits of this name were proposed last. */
async function proposedBefore(name: string, { track }: EditValues): Promise<string> {
  const { lastWork } = await import('../lib/tracking/log/tracked-work.js');
  const out = await lastWork({ experiment: 'edit', name, track });
  if (out !== undefined) return out;
  throw new UsageError(`edit: no edits of this frame were proposed yet; propose some first, without --pick`);
}

async function propose(
  video: string,
  which: FrameRequest & { onWarning: (message: string) => void; signal: AbortSignal },
  name: string,
  values: EditValues,
  settings: ReturnType<typeof settingsOf>,
  context: Context,
): Promise<WrittenProposals> {
  const { checkNewFolder } = await import('../lib/base/atomic-folder.js');
  const { sha256Json } = await import('../lib/base/hash.js');
  const { proposeEdits } = await import('../lib/edits/propose-edits.js');
  const { writeProposals } = await import('../lib/edits/edits-folder.js');
  const { editsRun } = await import('../lib/edits/log-edits.js');
  const { plainFolder, trackWork } = await import('../lib/tracking/log/tracked-work.js');
  const { runsRoot } = await import('../lib/tracking/stored/run-record.js');
  const { strengths, seeds, auto } = values;
  const out = values.out === undefined ? undefined : resolve(values.out);
  if (out !== undefined) await checkNewFolder(out);
  const above = out === undefined ? join(runsRoot(), 'edit') : dirname(out);
  const work = join(above, `.unfinished-edits-${sha256Json(settings).slice(0, 12)}`);
  return withModel(values, context, async (model) => {
    checkPrompts(model, values, context);
    const { onWarning, signal } = which;
    const asked = { ...denoiseSettings(values), strengths, seeds, ...given({ size: values.size }) };
    const tracking = { ...trackingSettings(values, context), out, onWarning, signal };
    const begun = await editsRun('edit', name, model, video, { ...asked, frame: settings.frame }, tracking);
    try {
      return await trackWork(begun, plainFolder, async ({ folder, run }) => {
        const proposed = await proposeEdits(model, video, {
          ...asked,
          ...which,
          ...{ work, onProgress: context.reporter.report },
        });
        const written = await writeProposals(folder.out, proposed, { settings, ...(auto && { pick: 1 }) });
        await rm(work, { recursive: true, force: true });
        const { kept, editStrength, rank } = written.edits[0].scores;
        run.logMetrics({ kept, edit_strength: editStrength, rank }, { step: 0 });
        await run.logArtifact(written.out);
        return written;
      });
    } catch (error) {
      await rmdir(work).catch(() => {}); // where it holds nothing
      const kept = existsSync(work) ? (await readdir(work)).filter((name) => name.endsWith('.png')).length : 0;
      if (kept > 0 && !(error instanceof UsageError)) {
        context.remedy = `${formatPlural(kept, 'finished edit')} kept; go on with:\n  ${shellCommand(context.args)}`;
      }
      throw error;
    } finally {
      context.reporter.close();
    }
  });
}

/** Lets the user name an edit where someone is there to answer; undefined where not, or where they want none. */
async function askForOne(
  { sheet, edits }: WrittenProposals,
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

/** Prints the edits and what to run next. */
async function report(
  video: string,
  values: EditValues,
  context: Context,
  written: WrittenProposals,
  picked?: PickedEdit,
): Promise<void> {
  const { COMPOSITION_LOST } = await import('../lib/metrics/composition.js');
  const { out, sheet, edits } = written;
  const next = picked
    ? shellCommand(['finetune', video, ...modelArguments(values), '--edit', picked.picture])
    : shellCommand([...context.args, ...(values.out === undefined ? ['--out', out] : []), '--pick', '1']);
  if (picked && picked.sidecar.scores.kept < COMPOSITION_LOST) {
    const kept = picked.sidecar.scores.kept.toFixed(2);
    context.warn(
      `${picked.name} keeps ${kept} of the composition, less than ${COMPOSITION_LOST}: training on it moves things; look at it beside the original, or propose edits at lower strengths`,
    );
  }
  context.reporter.close();
  if (values.json) {
    const about = picked && { name: picked.name, picture: picked.picture };
    context.terminal.out(`${JSON.stringify({ ...written, picked: about ?? null, next }, null, 1)}\n`);
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
    ? `picked: ${picked.picture}\nnext:\n  ${next}\n`
    : `look at the sheet, then pick one (here the first):\n  ${next}\n`;
  context.terminal.out(`${table}\nframe ${written.frame} of ${video}, into ${out}\nsheet:  ${sheet}\n${last}`);
}

/** The options of model and size as finetune takes them. */
function modelArguments(values: EditValues): string[] {
  const { model, device, strict, start, duration, every, frameRate } = values;
  return [
    ...['--model', model],
    ...appliedArguments(values),
    ...checkpointArguments(values),
    ...(device === undefined ? [] : ['--device', device]),
    ...(strict ? ['--strict'] : []),
    ...sizeArguments(values),
    ...Object.entries(given({ start, duration, every, 'frame-rate': frameRate })).flatMap(([name, value]) => [
      `--${name}`,
      String(value),
    ]),
  ];
}
