// Rendering options, shared by sweep, seeds, frame and edit.

import { type Command, Option } from 'commander';
import { given } from '../lib/base/given.js';
import type { ComparisonOptions } from '../lib/renderings/comparison-options.js';
import { type ChosenSettings, chosenSettings, givenSettings } from '../lib/settings/defaults.js';
import type { OptionsOf } from '../lib/settings/setting.js';
import { DENOISE, OUTPUT, RENDER, SELECTION, STEADIED } from '../lib/settings/table.js';
import { type Context, shellCommand } from './context.js';
import { addModelOptions, type ModelOptions } from './model-options.js';
import { NOTICES, type Notice } from './notify.js';
import { addSettings, flagArguments } from './setting-flags.js';
import { integer, listOf, oneOf } from './values.js';

const { size, ...PART } = SELECTION;
const { batch, anchor, adain, strengthSchedule } = RENDER;
const TOGETHER = { batch, anchor, adain };
const BY_TIME = { strengthSchedule };

/** The values of `addOutputOptions`. */
export interface OutputValues {
  json?: boolean;
  quiet?: boolean;
}

/** The values of `addDenoiseOptions`, and the output path. */
export interface DenoiseValues
  extends ModelOptions,
    OutputValues,
    ChosenSettings<typeof DENOISE>,
    OptionsOf<{ size: typeof size }> {
  out?: string;
}

/** The values of `addComparisonOptions`. */
export interface ComparisonValues
  extends DenoiseValues,
    TrackingValues,
    OptionsOf<typeof PART>,
    OptionsOf<typeof STEADIED>,
    OptionsOf<typeof OUTPUT>,
    OptionsOf<typeof BY_TIME>,
    Required<OptionsOf<typeof TOGETHER>> {
  columns?: number;
  audio?: boolean;
  dryRun?: boolean;
  resume?: boolean;
}

/** The values of `addTrackingOptions`. */
export interface TrackingValues {
  track: boolean;
  mlflow?: string;
  notify?: Notice[];
}

/** Adds --no-track, --mlflow and --notify. */
export function addTrackingOptions(command: Command): Command {
  return command
    .option('--no-track', 'do not remember this as a run under runs/')
    .option('--mlflow <uri>', 'log to this MLflow server too; STEADYFRAME_MLFLOW_URI by default')
    .addOption(
      new Option('--notify <list>', `say when it ends: ${NOTICES.join(', ')} (to STEADYFRAME_WEBHOOK)`).argParser(
        listOf(oneOf(NOTICES)),
      ),
    );
}

/** The library's options of tracking. */
export function trackingSettings(
  { track, mlflow }: TrackingValues,
  { args }: Context,
): { track: boolean; command: string; mlflow?: string } {
  return { track, command: shellCommand(args), ...(mlflow !== undefined && { mlflow }) };
}

/** Adds --json and --quiet. */
export function addOutputOptions(command: Command): Command {
  return command
    .option('--json', 'print the result as JSON')
    .option('-q, --quiet', 'print no progress, only warnings and errors');
}

/** Adds --no-metadata. */
export function addMetadataOption(command: Command): Command {
  return addSettings(command, OUTPUT);
}

/** Adds --size. */
export function addSizeOption(command: Command): Command {
  return addSettings(command, { size });
}

/** Adds the options that select a part of the video: --start, --duration, --frames, --every and --frame-rate. */
export function addPartOptions(command: Command): Command {
  return addSettings(command, PART);
}

/** --size as arguments of another command. */
export function sizeArguments(values: OptionsOf<{ size: typeof size }>): string[] {
  return flagArguments({ size }, values);
}

/** Adds the options of the model, the prompt and the sampler, and --size. */
export function addDenoiseOptions(command: Command): Command {
  return addSizeOption(addSettings(addModelOptions(command), DENOISE, { required: ['prompt'] }));
}

/** Adds the options of a comparison: frames, batch, keyframes, grid, output and tracking. */
export function addComparisonOptions(command: Command): Command {
  const chosen = addSettings(addPartOptions(command), { ...BY_TIME, ...TOGETHER, ...STEADIED })
    .option('--columns <n>', 'columns of the grid; as square as possible by default', integer)
    .option('--audio', "copy the source's sound into the videos")
    .option('-o, --out <dir>', 'folder for the results; a new one under runs/ by default')
    .option('--resume', 'continue an interrupted run with the same options')
    .option('-n, --dry-run', 'check everything, and print the plan and how long it takes');
  return addOutputOptions(addTrackingOptions(addMetadataOption(chosen)));
}

/** The library's options of a comparison. */
export function comparisonSettings(values: ComparisonValues, context: Context): ComparisonOptions {
  const { columns, audio, out, resume } = values;
  return {
    ...chosenSettings(DENOISE, values),
    ...trackingSettings(values, context),
    ...givenSettings({ ...SELECTION, ...BY_TIME, ...TOGETHER, ...STEADIED, ...OUTPUT }, values),
    ...given({ columns, audio, out, resume }),
    onProgress: context.reporter.report,
    onWarning: context.warn,
    signal: context.terminal.signal,
  };
}
