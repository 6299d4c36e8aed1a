// The flags and help of `steadyframe worker`.

import type { Command } from 'commander';
import { addOutputOptions, type OutputValues } from '../render-options.js';
import { integer, number } from '../values.js';

const EXAMPLES = `
Start the sweep with --executor workers, and workers on as many machines as there are, before or after:

  steadyframe run night.yaml --executor workers --out /shared/night          # a folder that all machines reach
  steadyframe worker --sweep /shared/night

  steadyframe run night.yaml --executor workers --store s3://bucket/night    # or a bucket
  steadyframe worker --sweep s3://bucket/night

A worker takes a job that nobody does, fetches what it reads into the cache, and stores the results. There is no server: a
worker that is killed loses what it did in the last seconds, and another goes on from there. A bucket needs the package
@aws-sdk/client-s3; address, region and credentials are those of AWS_ENDPOINT_URL, AWS_REGION and AWS's own files.

With Redis, a queue of BullMQ gives the jobs out, and its dashboards show them; pausing the queue there pauses the workers:

  steadyframe run night.yaml --executor bullmq --redis redis://queue:6379 --out /shared/night
  steadyframe worker --redis redis://queue:6379

It needs the packages bullmq and ioredis. Only names are in the queue: what is lost there is queued again.

A worker that is started before its sweep waits for it. It ends with the sweep, or after --idle seconds without work. The
first Ctrl-C lets go of its jobs after their current step.
The folder examples of the package has files for SLURM, Kubernetes and ssh.`;

/** Values of the options. */
export interface WorkerValues extends OutputValues {
  sweep?: string;
  redis?: string;
  slots: number;
  cache?: string;
  lease: number;
  idle?: number;
  dryRun?: boolean;
}

/** Adds the command to the program. */
export function addWorker(program: Command): Command {
  const command = program
    .command('worker')
    .summary('do jobs of a sweep that several machines share')
    .description('Does jobs of a sweep in a shared folder or a bucket, until the sweep has ended.')
    .option('--sweep <dir>', 'the folder of the sweep, or s3://BUCKET/PREFIX')
    .option('--redis <url>', 'take the jobs of all sweeps that run with --executor bullmq, from redis://HOST:PORT')
    .option('--slots <n>', 'jobs at once; each has a share of the cores, and a graphics card of its own', integer, 1)
    .option('--cache <dir>', 'folder for inputs and unfinished work; worker in STEADYFRAME_CACHE by default')
    .option(
      '--lease <seconds>',
      'silence after which others take its jobs; it tells of itself four times as often',
      number,
      60,
    )
    .option(
      '--idle <seconds>',
      'end after so long without work, or without a sweep; stay until it has ended by default',
      number,
    )
    .option('-n, --dry-run', 'print how far the sweep is, and take no work');
  return addOutputOptions(command).addHelpText('after', EXAMPLES);
}
