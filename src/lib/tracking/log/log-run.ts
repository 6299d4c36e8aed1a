// Logs a run into its folder: points and artifacts are appended, the record is replaced as a whole. Buffers are also written
// when the process exits.

import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { temporaryName, writeFileAtomic } from '../../base/atomic-file.js';
import { UsageError } from '../../base/errors.js';
import { type Artifact, describeArtifacts, leadsOut } from '../stored/artifact-records.js';
import { assertPoint, pointLine, rewindLine } from '../stored/metric-points.js';
import { type MetricTally, tallyHistory, tallyMetric } from '../stored/metric-summary.js';
import { readMetrics } from '../stored/read-metrics.js';
import { RUN_FILES, type RunRecord, type RunStatus } from '../stored/run-record.js';
import type { Claim } from './claim.js';
import { type LineLog, openLineLog } from './line-log.js';
import { openProgressLog } from './log-progress.js';
import { assertKey, withoutCredentials } from './names.js';
import { flattenParameters, mergeParameters } from './parameters.js';
import type { LoggingOptions, Run, RunListener } from './run.js';
import { recordText } from './run-folder.js';

const open = new Set<(code: number) => void>();

/** When the process exits, buffers are written, and unfinished runs are recorded as interrupted. */
process.on('exit', (code) => {
  for (const end of open) end(code);
});

/** Starts logging into a run's folder that this process has claimed. */
export async function openForLogging(
  folder: string,
  { record: initial, claim }: { readonly record: RunRecord; readonly claim: Claim },
  { mlflow, onWarning }: LoggingOptions,
  listener?: RunListener,
): Promise<Run> {
  let record = initial;
  let ended: RunStatus | undefined;
  let end: Promise<void> | undefined;
  let writing: Promise<void> = Promise.resolve();
  const points = openLineLog(join(folder, RUN_FILES.metrics));
  const progress = openProgressLog(folder);
  let artifactLog: LineLog | undefined;
  let tallies = new Map<string, { tally: MetricTally; next: number }>();

  const readTallies = async (): Promise<void> => {
    const { histories } = await readMetrics(folder);
    tallies = new Map();
    for (const [key, history] of histories) {
      tallies.set(key, { tally: tallyHistory(history), next: history.steps[history.steps.length - 1] + 1 });
    }
  };
  const mustBeOpen = (): void => {
    if (ended !== undefined)
      throw new UsageError(`${folder}: the run has ended, nothing can be added; resume it, or start another`);
  };
  /** Writes are serial, each with the newest record. */
  const update = (change: Partial<RunRecord>): Promise<void> => {
    record = { ...record, ...change };
    writing = writing.catch(() => {}).then(() => writeFileAtomic(join(folder, RUN_FILES.record), recordText(record)));
    return writing.then(() => listener?.changed());
  };
  const ending = (status: RunStatus, error: unknown, at = new Date().toISOString()): Partial<RunRecord> => ({
    status,
    end: at,
    ...(error !== undefined && { error: withoutCredentials(error instanceof Error ? error.message : String(error)) }),
    metrics: Object.fromEntries([...tallies].map(([key, { tally }]) => [key, tally.summary()])),
  });
  const addArtifacts = async (artifacts: readonly Artifact[]): Promise<void> => {
    mustBeOpen();
    artifactLog ??= openLineLog(join(folder, RUN_FILES.artifactRecords));
    for (const artifact of artifacts) artifactLog.append(JSON.stringify(artifact));
    await artifactLog.flush();
    listener?.changed();
  };
  /** Artifacts elsewhere are read only from folders that the run recorded: see artifact-file.ts. */
  const knowPlaces = async (artifacts: readonly Artifact[]): Promise<void> => {
    const known = new Set([...(record.outside ?? []), ...(record.tags.out === undefined ? [] : [record.tags.out])]);
    const places = artifacts.filter(({ path }) => isAbsolute(path)).map(({ path }) => dirname(path));
    const fresh = places.filter((place) => ![...known].some((each) => !leadsOut(relative(each, place))));
    if (fresh.length > 0) await update({ outside: [...new Set([...(record.outside ?? []), ...fresh])] });
  };
  const atExit = (code: number): void => {
    claim.abandon();
    const interrupted = code === 0 || code === 130 || code === 143;
    const temporary = temporaryName(join(folder, RUN_FILES.record));
    try {
      progress.end();
      points.flushSync();
      artifactLog?.flushSync();
      record = { ...record, ...ending(ended ?? (interrupted ? 'interrupted' : 'failed'), undefined) };
      writeFileSync(temporary, recordText(record));
      renameSync(temporary, join(folder, RUN_FILES.record));
    } catch {
      rmSync(temporary, { force: true }); // the folder still tells what was logged before
    }
  };

  await readTallies();
  open.add(atExit);
  const run: Run = {
    id: record.id,
    folder,
    artifacts: join(folder, RUN_FILES.artifacts),
    get record() {
      return record;
    },
    tracked: true,
    logging: { mlflow, onWarning },
    async logParams(parameters) {
      mustBeOpen();
      await update({ parameters: mergeParameters(folder, record.parameters, flattenParameters(parameters)) });
    },
    logMetrics(metrics, { step, time = Date.now() } = {}) {
      mustBeOpen();
      for (const [key, value] of Object.entries(metrics)) {
        let entry = tallies.get(key);
        assertPoint(key, value, step ?? 0);
        if (entry === undefined) {
          assertKey('metric', key);
          entry = { tally: tallyMetric(), next: 0 };
          tallies.set(key, entry);
        }
        const at = step ?? entry.next;
        entry.next = Math.max(entry.next, at + 1);
        entry.tally.add(value, at, time);
        points.append(pointLine(key, value, at, time));
      }
      listener?.changed();
    },
    logProgress: progress.report,
    get stages() {
      return progress.stages;
    },
    async rewind(step) {
      mustBeOpen();
      points.append(rewindLine(step));
      await points.flush();
      await readTallies();
    },
    async logArtifact(path, { name } = {}) {
      mustBeOpen();
      const artifacts = await describeArtifacts(folder, path, name);
      await knowPlaces(artifacts);
      await addArtifacts(artifacts);
      return artifacts;
    },
    async logImage(path, { key, step }) {
      assertKey('image', key);
      mustBeOpen();
      const artifacts = await describeArtifacts(folder, path);
      await knowPlaces(artifacts);
      await addArtifacts(artifacts.map((artifact) => ({ ...artifact, image: { key, step } })));
    },
    async logInputs(inputs) {
      mustBeOpen();
      const known = new Map(record.inputs.map((input) => [`${input.kind} ${input.name}`, input]));
      for (const input of inputs) known.set(`${input.kind} ${input.name}`, input);
      await update({ inputs: [...known.values()] });
    },
    async setTags(tags) {
      mustBeOpen();
      for (const key of Object.keys(tags)) assertKey('tag', key);
      await update({ tags: { ...record.tags, ...tags } });
    },
    async flush() {
      await points.flush();
      await artifactLog?.flush();
      await writing;
    },
    finish(status = 'finished', { error, end: at } = {}) {
      end ??= (async () => {
        mustBeOpen();
        ended = status;
        progress.end();
        try {
          await points.close();
          await artifactLog?.close();
          await update(ending(status, error, at));
        } finally {
          open.delete(atExit);
          await claim.release().catch(() => {}); // a folder that was deleted meanwhile needs none
          listener?.ended();
        }
      })();
      return end;
    },
    [Symbol.asyncDispose]: () => run.finish('failed'),
  };
  return run;
}
