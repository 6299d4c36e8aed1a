// Options that say what is rendered of a video, and how: shared by sweep, seeds and frame.

import type { Command } from 'commander';
import { given } from '../lib/base/given.js';
import type { DenoiseOptions } from '../lib/diffusion/img2img.js';
import { type SamplerName, samplerNames } from '../lib/diffusion/samplers/index.js';
import type { ComparisonOptions } from '../lib/renderings/comparison-options.js';
import { type FrameSize, sizeText } from '../lib/video/geometry.js';
import { type Context, shellCommand } from './context.js';
import { addModelOptions, type ModelOptions } from './model-options.js';
import { frameRateOption, integer, number, oneOf, seconds, size } from './values.js';

/** The values of `addDenoiseOptions`. */
export interface DenoiseValues extends ModelOptions {
  prompt: string;
  negative: string;
  steps: number;
  sampler: SamplerName;
  guidance: number;
  noiseDraw: number;
  size?: FrameSize;
  out?: string;
  json?: boolean;
  quiet?: boolean;
}

/** The values of `addComparisonOptions`. */
export interface ComparisonValues extends DenoiseValues, TrackingValues {
  start?: number;
  duration?: number;
  frames?: number;
  every?: number;
  frameRate?: number;
  batch: number;
  columns?: number;
  audio?: boolean;
  dryRun?: boolean;
  resume?: boolean;
}

/** The values of `addTrackingOptions`. */
export interface TrackingValues {
  track: boolean;
  mlflow?: string;
}

/** Adds --no-track and --mlflow. */
export function addTrackingOptions(command: Command): Command {
  return command
    .option('--no-track', 'do not remember this as a run under runs/')
    .option('--mlflow <uri>', 'log to this MLflow server too; STEADYFRAME_MLFLOW_URI by default');
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

/** Adds --size. */
export function addSizeOption(command: Command): Command {
  return command.option(
    '--size <size>',
    'shorter side of the frames, or WIDTHxHEIGHT, cropped to it; what the model was trained at by default',
    size,
  );
}

/** --size as it was given. */
export function sizeArguments({ size: sides }: { size?: FrameSize | undefined }): string[] {
  return sides === undefined ? [] : ['--size', sizeText(sides)];
}

/** Adds the options of the model, the prompt and the sampler, and the size of frames. */
export function addDenoiseOptions(command: Command): Command {
  const chosen = addModelOptions(command)
    .requiredOption('-p, --prompt <text>', 'what the picture should show')
    .option('--negative <text>', 'what it should not show', '')
    .option('--steps <n>', 'steps of a full run, of which a strength executes the last part', integer, 50)
    .option('--sampler <name>', samplerNames.join(', '), oneOf(samplerNames), 'ddim' as SamplerName)
    .option('--guidance <scale>', 'how strongly to follow the prompt; 1 halves the work', number, 7.5)
    .option('--noise-draw <n>', "which draw of the seed is the noise; 2 is PyTorch pipelines'", integer, 1);
  return addSizeOption(chosen);
}

/** Adds which frames to take, how to work, and where to write. */
export function addComparisonOptions(command: Command): Command {
  const chosen = command
    .option('--frames <n>', 'take at most this many frames', integer)
    .option('--start <time>', 'begin at this time, such as 3.2 or 1:03.2', seconds)
    .option('--duration <time>', 'take this much of the video', seconds)
    .option('--every <n>', 'take every n-th frame', integer)
    .addOption(frameRateOption())
    .option('--batch <n>', 'frames that go through the network together', integer, 1)
    .option('--columns <n>', 'columns of the grid; as square as possible by default', integer)
    .option('--audio', "copy the source's sound into the videos")
    .option('-o, --out <dir>', 'folder for the results; a new one under runs/ by default')
    .option('--resume', 'continue an interrupted run with the same options')
    .option('-n, --dry-run', 'check everything and print the plan');
  return addOutputOptions(addTrackingOptions(chosen));
}

/** The library's settings of the sampler and the prompt. */
export function denoiseSettings(values: DenoiseValues): DenoiseOptions & { noiseDraw: number } {
  const { prompt, negative, steps, sampler, guidance, noiseDraw } = values;
  return { prompt, negativePrompt: negative, steps, sampler, guidanceScale: guidance, noiseDraw };
}

/** The library's options of a comparison. */
export function comparisonSettings(values: ComparisonValues, context: Context): ComparisonOptions {
  const { size: sides, start, duration, frames, every, frameRate, batch, columns, audio, out, resume } = values;
  return {
    ...denoiseSettings(values),
    ...trackingSettings(values, context),
    ...given({ size: sides, start, duration, frames, every, frameRate, batch, columns, audio, out, resume }),
    onProgress: context.reporter.report,
    onWarning: context.warn,
    signal: context.terminal.signal,
  };
}
