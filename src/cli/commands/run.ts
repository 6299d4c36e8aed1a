// The flags and help of `steadyframe run`.

import type { Command } from 'commander';
import type { OptionsOf } from '../../lib/settings/setting.js';
import type { OUTPUT } from '../../lib/settings/table.js';
import { addMetadataOption, addOutputOptions, addTrackingOptions, type TrackingValues } from '../render-options.js';
import { integer, oneOf } from '../values.js';

const EXAMPLES = `
The keys are those of W&B sweeps; paths are relative to the file. assets/sweep.schema.json describes them for editors.

  # night.yaml
  method: grid                # or random, with run_cap: 20 and seed: 0
  video: shot.mp4
  model: sd15/
  prompt: a cyberpunk city at night
  edits: [edits/best.png]
  metric: {name: warping_error_normalised, goal: minimize}
  parameters:
    method: {values: [img2img, finetune]}
    strength: {values: [0.325, 0.45, 0.6]}
    guidance: {min: 1, max: 7, distribution: q_uniform, q: 3}
    iterations: {values: [200, 400]}
    learning_rate: {value: 1e-5}
  early_terminate: {type: hyperband, min_iter: 100, eta: 2}

A point is known by everything that decides its bits: what is done is not done again. Frames are encoded once; a model is
trained once for all points that use it, and a shorter training is the beginning of a longer one. With --resume the file may
have changed: new points are added, and what is done stays. A point that fails is tried again and then reported; the others
go on, and the exit code is 1.

Examples:
  steadyframe run night.yaml --dry-run
  steadyframe run night.yaml --workers 2
  steadyframe run night.yaml --resume --json
  steadyframe run night.yaml --executor workers --out /shared/night`;

/** What executes the jobs: processes of this machine, or workers of any, which look for work or are told by a queue. */
const EXECUTORS = ['process', 'workers', 'bullmq'] as const;
type Executors = (typeof EXECUTORS)[number];

/** Values of the options. */
export interface RunValues extends TrackingValues, OptionsOf<typeof OUTPUT> {
  workers: number;
  retries: number;
  executor: Executors;
  store?: string;
  redis?: string;
  out?: string;
  resume?: boolean;
  steady?: boolean;
  dryRun?: boolean;
  json?: boolean;
  quiet?: boolean;
}

/** Adds the command to the program. */
export function addRun(program: Command): Command {
  const command = program
    .command('run')
    .summary('run a sweep over any settings')
    .description(
      'Runs a sweep: renders, and where asked finetunes, with every combination of settings that a file lists.',
    )
    .argument('<file>', 'a sweep in YAML or JSON')
    .option('-w, --workers <n>', 'processes that work at once; a crash costs one point', integer, 1)
    .option(
      '--executor <name>',
      'process: on this machine; workers: each steadyframe worker',
      oneOf(EXECUTORS),
      'process',
    )
    .option('--redis <url>', 'the queue of --executor bullmq: redis://HOST:PORT')
    .option(
      '--store <dir>',
      'what workers share: a folder, or s3://BUCKET/PREFIX; the folder of the results by default',
    )
    .option('--retries <n>', 'how often a point that failed is tried again', integer, 1)
    .option('-o, --out <dir>', 'folder for the results; a new one under runs/ by default')
    .option('--resume', 'go on with the latest sweep of this name, or the one in --out')
    .option('--steady', 'every point steadily, as steady: true at the top of the file says')
    .option('-n, --dry-run', 'check everything, and print the points, the work that is left, and how long it takes');
  return addOutputOptions(addTrackingOptions(addMetadataOption(command))).addHelpText('after', EXAMPLES);
}
