// Shared by sweep and seeds: runs or plans a comparison, and prints the result.

import { FailureError, NonFiniteError } from '../../lib/base/errors.js';
import { formatBytes } from '../../lib/base/format-bytes.js';
import { checkPrompts } from '../../lib/models/check-prompts.js';
import type { Model } from '../../lib/models/model.js';
import { hasUnfinishedWork } from '../../lib/renderings/comparison-folder.js';
import type { ComparisonOptions, ComparisonPlan, ComparisonResult } from '../../lib/renderings/comparison-options.js';
import type { PlanOptions } from '../../lib/renderings/comparison-plan.js';
import { type Context, resumeCommand } from '../context.js';
import { type ComparisonValues, comparisonSettings } from '../render-options.js';
import { formatCount, formatNumber, formatPlural, formatTable, formatTimestep, timeText } from '../table.js';
import { withModel } from './with-model.js';

/** A kind of comparison: the library's functions that run and plan it, and the columns that identify its cells. */
export interface Comparison {
  readonly run: (model: Model, video: string, options: ComparisonOptions) => Promise<ComparisonResult>;
  readonly plan: (model: Model, video: string, options: ComparisonOptions & PlanOptions) => Promise<ComparisonPlan>;
  readonly headings: readonly string[];
  readonly cells: (cell: ComparisonPlan['cells'][number]) => readonly string[];
}

/** Runs a comparison, or plans it with --dry-run, and prints the result. */
export async function runComparison(
  comparison: Comparison,
  video: string,
  values: ComparisonValues,
  context: Context,
): Promise<void> {
  const { terminal } = context;
  if (values.quiet) context.quieten();
  const print = (value: object, text: string): void =>
    terminal.out(values.json ? `${JSON.stringify(value, null, 1)}\n` : text);
  await withModel(values, context, async (model) => {
    checkPrompts(model, values, context.warn);
    const options = comparisonSettings(values, context);
    if (values.dryRun) {
      const plan = await comparison.plan(model, video, { ...options, timed: true });
      print(plan, planText(comparison, video, plan, values.out));
      return;
    }
    let out: string | undefined;
    const onFolder = (folder: string): void => {
      out = folder;
      context.reporter.note(`steadyframe: writing into ${folder}`);
    };
    try {
      const result = await comparison.run(model, video, { ...options, onFolder });
      context.reporter.close();
      print(result, resultText(comparison, result));
    } catch (error) {
      // A non-finite number would come again. The folder was removed if nothing was done yet.
      const canContinue = error instanceof FailureError && !(error instanceof NonFiniteError);
      if (out !== undefined && (terminal.signal.aborted || canContinue) && hasUnfinishedWork(out)) {
        context.remedy = `What is done so far is kept in ${out}; continue with:\n  ${resumeCommand(context.args)}`;
      }
      throw error;
    }
  });
}

function planText({ headings, cells }: Comparison, video: string, plan: ComparisonPlan, out?: string): string {
  const { frames, passes, rowsPerPass, workBytes, seconds, width, height, frameRate } = plan;
  const count = frames === undefined ? 'an unknown number of frames' : formatPlural(frames, 'frame');
  const rows = plan.cells.map((cell) => [...cells(cell), formatTimestep(cell.firstTimestep), String(cell.evaluations)]);
  const perPass = `${formatPlural(rowsPerPass, 'latent')} each`;
  return [
    formatTable([...headings, 'first timestep', 'UNet passes a frame'], rows),
    `\n${video}: ${count} of ${width}x${height} at ${formatNumber(frameRate)} a second\n`,
    passes === undefined ? '' : `UNet passes: ${formatCount(passes)}, ${perPass}\n`,
    seconds === undefined ? '' : timeText(seconds),
    workBytes === undefined ? '' : `unfinished work takes up to ${formatBytes(workBytes)}\n`,
    `results go to ${out ?? 'a new folder under runs/'}\n`,
  ].join('');
}

function resultText({ headings, cells }: Comparison, result: ComparisonResult): string {
  const blank = headings.slice(1).map(() => '');
  const row = (
    name: readonly string[],
    timestep: string,
    metrics: ComparisonResult['source'],
    edit: number | null | undefined = metrics.edit_strength,
  ): string[] => [
    ...name,
    timestep,
    formatNumber(edit),
    formatNumber(metrics.flicker_ratio),
    formatNumber(metrics.warping_error),
    formatNumber(metrics.warping_error_normalised),
  ];
  const table = formatTable(
    [...headings, 'first timestep', 'edit strength', 'flicker', 'warping error', 'per variance'],
    [
      row(['source', ...blank], '-', result.source, 0),
      row(['VAE round trip', ...blank], '-', result.roundTrip),
      ...result.cells.map((cell) => row(cells(cell), formatTimestep(cell.firstTimestep), cell.metrics)),
    ],
  );
  const { frames, width, height, grid, out } = result;
  return `${table}\n${formatPlural(frames, 'frame')} of ${width}x${height}; flicker is the frame difference over the source's\ngrid: ${grid}\nall:  ${out}\n`;
}
