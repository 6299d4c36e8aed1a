// Logs a sweep as a run, and each point and training as a child run. The only file of sweeps that logs runs.

import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { sha256Json } from '../base/hash.js';
import type { Progress } from '../base/progress.js';
import { describeControl } from '../models/checkpoint/hash-model.js';
import { readCurves } from '../renderings/curves.js';
import { logCurves } from '../renderings/log-comparison.js';
import { definedMetrics } from '../tracking/log/defined-metrics.js';
import { folderName } from '../tracking/log/names.js';
import type { Run } from '../tracking/log/run.js';
import { resumeRun, startChild, startRun } from '../tracking/log/start-run.js';
import { freeFolder } from '../tracking/log/tracked-work.js';
import { listRuns } from '../tracking/query/list-runs.js';
import { runsRoot } from '../tracking/stored/run-record.js';
import type { RunSummary } from '../tracking/stored/run-summary.js';
import type { SweepFile } from './file/read-sweep-file.js';
import type { Job } from './jobs/job.js';
import { readPoint } from './jobs/render-point.js';
import { readStage } from './jobs/training-job.js';

/** Options of logging a sweep. */
export interface SweepLogOptions {
  /** The folder of the sweep; by default that of its run's artifacts. */
  readonly out?: string;
  /** Continue the latest sweep of this name. */
  readonly resume?: boolean;
  /** Log it as a run; true by default. */
  readonly track?: boolean;
  /** Address of an MLflow server, or false for none. */
  readonly mlflow?: string | false;
  /** The folder of all runs. */
  readonly root?: string;
  /** The command that started the sweep; the script's name by default. */
  readonly command?: string;
  /** Called with warnings, including errors of an MLflow server; stderr by default. */
  readonly onWarning?: (message: string) => void;
}

/** The folder of a sweep before it is opened; nothing is written yet. */
export interface SweepPlace {
  /** Its folder; undefined if a new one will be created. */
  readonly out: string | undefined;
  /** @param points the number of points */
  open(points: number): Promise<SweepLog>;
}

/** The log of a running sweep. */
export interface SweepLog {
  readonly out: string;
  /** Logs that a job begins, or is retried. */
  begin(job: Job): Promise<void>;
  /** Logs how far the sweep is, or a job of it. */
  progress(progress: Progress, job?: Job): void;
  metrics(job: Job, step: number, metrics: Readonly<Record<string, number>>): void;
  /** Logs the end of a job; `reason` is the cause of a failure. */
  end(job: Job, reason?: string): Promise<void>;
  /** Logs the end of the sweep: its status, and its result files. */
  finish(
    status: 'finished' | 'failed' | 'interrupted',
    told?: { error?: string; files?: readonly string[]; tags?: Readonly<Record<string, string>> },
  ): Promise<void>;
}

/** Finds the existing or future folder of a sweep. */
export async function placeSweep({ name, path, sweep }: SweepFile, options: SweepLogOptions): Promise<SweepPlace> {
  const { resume = false, track = true, mlflow, root = runsRoot(), onWarning, command } = options;
  const given = options.out === undefined ? undefined : resolve(options.out);
  if (!track) {
    const out = given ?? freeFolder(join(root, 'sweeps'), folderName(name), resume);
    return { out, open: async () => untracked(out) };
  }
  const experiment = folderName(name);
  const key = sha256Json({ sweep: name, out: given ?? null });
  const runs = existsSync(join(root, experiment)) ? await listRuns({ root, experiment }) : [];
  const before = resume ? runs.find((run) => run.key === key && run.parent === undefined) : undefined;
  const logging = { mlflow, onWarning };
  return {
    out: given ?? (before && join(before.folder, 'artifacts')),
    async open(points) {
      const inputs = [{ kind: 'sweep', name: basename(path) }];
      const run = before
        ? await resumeRun(before.folder, logging)
        : await startRun({
            ...{ experiment, name: 'sweep', key, root, given: sweep, ...logging },
            tags: { 'sweep.file': inputs[0].name, 'sweep.method': sweep.method },
            command,
          });
      const { name: metric, goal = 'minimize' } = sweep.metric ?? {};
      await run.setTags({ 'sweep.points': String(points), ...(metric && { 'sweep.metric': `${metric} ${goal}` }) });
      return tracked(run, given ?? run.artifacts, new Map(runs.filter(({ parent }) => parent === run.id).map(keyed)));
    },
  };
}

function keyed(run: RunSummary): [string, RunSummary] {
  return [run.key ?? run.id, run];
}

function tracked(run: Run, out: string, parts: ReadonlyMap<string, RunSummary>): SweepLog {
  const open = new Map<string, Run>();
  const logged = new Set<string>();
  /** The run of a job; undefined if it has already ended. */
  const partOf = async (job: Job): Promise<Run | undefined> => {
    const before = parts.get(job.id);
    if (logged.has(job.id) || before?.status === 'finished') return undefined;
    const known = open.get(job.id);
    if (known) return known;
    const {
      model,
      video,
      config,
      vae,
      loras = [],
      embeddings = [],
      edits = [],
      controls = [],
      ...settings
    } = job.settings;
    const names = (listed: readonly unknown[]): string[] =>
      listed.map((each) => basename(typeof each === 'string' ? each : (each as { file: string }).file));
    const part = before
      ? await resumeRun(before.folder, run.logging)
      : await startChild(run, {
          name: job.label,
          key: job.id,
          parameters: {
            ...settings,
            ...(job.kind === 'training' && { iterations: job.iterations }),
            ...{ model: basename(model), video: basename(video) },
            ...(config !== undefined && { config: basename(config) }),
            ...(vae !== undefined && { vae: basename(vae) }),
            ...(loras.length > 0 && { loras: names(loras) }),
            ...(embeddings.length > 0 && { embeddings: names(embeddings) }),
            ...(controls.length > 0 && { controls: controls.map(describeControl) }),
            ...(edits.length > 0 && { edits: names(edits) }),
          },
          device: settings.device,
          tags: { 'sweep.job': job.kind },
        });
    open.set(job.id, part);
    return part;
  };
  const rewound = new Set<string>();
  return {
    out,
    async begin(job) {
      if (job.kind === 'source') return;
      rewound.delete(job.id);
      await partOf(job);
    },
    progress(progress, job) {
      (job === undefined ? run : open.get(job.id))?.logProgress(progress);
    },
    metrics(job, step, metrics) {
      const part = open.get(job.id);
      if (!part) return;
      if (!rewound.has(job.id)) {
        // Metrics that a killed worker had logged after its checkpoint are computed again.
        rewound.add(job.id);
        void part.rewind(step);
      }
      part.logMetrics(metrics, { step });
    },
    async end(job, reason) {
      if (job.kind === 'source') return;
      const part = await partOf(job);
      if (!part) return;
      open.delete(job.id);
      logged.add(job.id);
      if (reason !== undefined) return part.finish('failed', { error: reason });
      const told = await (job.kind === 'point' ? readPoint(job.folder, job.point) : readStage(job.stage));
      part.logMetrics(definedMetrics(told?.metrics ?? {}), { step: job.kind === 'training' ? job.iterations : 0 });
      if (job.kind === 'point' && told) logCurves(part, await readCurves(join(job.folder, 'curves.csv'), 'output'));
      const files =
        job.kind === 'point' ? ['output.mp4', 'comparison.mp4', 'curves.csv', 'result.json'] : ['result.json'];
      for (const file of files) await part.logArtifact(join(job.kind === 'point' ? job.folder : job.stage, file));
      await part.finish();
    },
    async finish(status, { error, files = [], tags = {} } = {}) {
      for (const part of open.values()) await part.finish('interrupted');
      open.clear();
      for (const file of files) await run.logArtifact(join(out, file));
      await run.setTags(tags);
      await run.finish(status, error === undefined ? {} : { error });
    },
  };
}

function untracked(out: string): SweepLog {
  const nothing = async (): Promise<void> => {};
  return { out, begin: nothing, progress: () => {}, metrics: () => {}, end: nothing, finish: nothing };
}
