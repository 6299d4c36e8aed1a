// How far a sweep is, by its store: what is done, who does what, what failed and why, how much each machine does.

import { currentLeases, previewOf } from './leases.js';
import { offeredJobs } from './offered-jobs.js';
import { type JobReport, readJson, readState, SHARED, type Store, type StoreState } from './store.js';

/** A job that somebody does. */
export interface RunningJob {
  readonly job: string;
  readonly label: string;
  readonly machine: string;
  readonly slot: number;
  /** Seconds since it was begun. */
  readonly seconds: number;
  /** From 0 to 1. */
  readonly fraction: number;
  readonly doing: string;
  /** The last preview, as a `data:` URI. */
  readonly picture?: string | undefined;
}

/** The most jobs whose previews are read. */
const MOST_PICTURES = 16;

/** What a machine has done. */
export interface MachineStatus {
  readonly machine: string;
  readonly points: number;
  /** Seconds of work on them. */
  readonly seconds: number;
  /** Points in an hour of work. */
  readonly perHour: number;
  /** Jobs that it does now. */
  readonly running: number;
}

/** The state of a sweep. */
export interface SweepStatus {
  readonly name: string;
  readonly state: StoreState['state'];
  readonly points: { readonly total: number; readonly done: number; readonly failed: number };
  readonly running: readonly RunningJob[];
  readonly failed: readonly {
    readonly job: string;
    readonly label: string;
    readonly machine: string;
    readonly reason: string;
  }[];
  readonly machines: readonly MachineStatus[];
  /** Seconds until all is done at the present speed; undefined while it is not known. */
  readonly left?: number;
}

/**
 * A function that returns the state of a sweep; it remembers the reports of finished jobs.
 *
 * @returns a function that returns undefined where no sweep is offered
 */
export function sweepWatcher(store: Store): () => Promise<SweepStatus | undefined> {
  const offered = offeredJobs(store);
  const known = new Map<string, JobReport>();
  /** The reports below a prefix by job; done ones do not change. */
  const reports = async (prefix: string): Promise<Map<string, JobReport>> => {
    const found = new Map<string, JobReport>();
    for (const name of await store.names(prefix)) {
      const report = known.get(prefix + name) ?? (await readJson<JobReport>(store, prefix + name));
      if (!report) continue;
      if (prefix === SHARED.done) known.set(prefix + name, report);
      found.set(name, report);
    }
    return found;
  };
  return async () => {
    const state = await readState(store);
    if (!state) return undefined;
    const jobs = await offered.all();
    const done = await reports(SHARED.done);
    const failed = await reports(SHARED.failed);
    const leases = [...(await currentLeases(store))].filter(([job]) => !done.has(job) && !failed.has(job));
    const pictures = await Promise.all(leases.slice(0, MOST_PICTURES).map(([job]) => previewOf(store, job)));
    const running = leases.map(([job, { label, host, slot, running: seconds, fraction, doing }], i) => {
      return { job, label, machine: host, slot, seconds, fraction, doing, picture: pictures[i] };
    });
    const points = new Set([...jobs.keys(), ...done.keys(), ...failed.keys()].filter(isPoint));
    const left = secondsLeft(
      [...jobs].filter(([key]) => !done.has(key) && !failed.has(key)),
      done,
      running,
    );
    return {
      ...{ name: state.name, state: state.state },
      points: {
        total: points.size,
        done: [...done.keys()].filter(isPoint).length,
        failed: [...failed.keys()].filter(isPoint).length,
      },
      running,
      failed: [...failed].map(([job, { label, machine, reason = '' }]) => ({ job, label, machine, reason })),
      machines: machinesOf(done, running),
      ...(left !== undefined && { left }),
    };
  };
}

function isPoint(key: string): boolean {
  return key.startsWith('point-');
}

function machinesOf(done: ReadonlyMap<string, JobReport>, running: readonly RunningJob[]): MachineStatus[] {
  const names = [...new Set([...[...done.values()], ...running].map(({ machine }) => machine))].sort();
  return names.map((machine) => {
    const own = [...done].filter(([key, report]) => isPoint(key) && report.machine === machine && report.seconds);
    const seconds = own.reduce((sum, [, report]) => sum + (report.seconds ?? 0), 0);
    return {
      ...{ machine, points: own.length, seconds },
      perHour: seconds > 0 ? (3600 * own.length) / seconds : 0,
      running: running.filter((job) => job.machine === machine).length,
    };
  });
}

/** Seconds for the jobs that are left, by the seconds a pass of those of their kind that are done. */
function secondsLeft(
  jobs: readonly (readonly [key: string, { readonly job: { readonly passes: number } }])[],
  done: ReadonlyMap<string, JobReport>,
  running: readonly RunningJob[],
): number | undefined {
  if (jobs.length === 0) return 0;
  if (running.length === 0) return undefined;
  const measured = [...done].filter(([key, { seconds }]) => isPoint(key) && seconds !== undefined);
  const worked = measured.reduce((sum, [, { seconds = 0 }]) => sum + seconds, 0);
  const passes = measured.reduce((sum, [, report]) => sum + Math.max(1, report.passes), 0);
  if (passes === 0) return undefined;
  const left = jobs.reduce((sum, [key, { job }]) => {
    const fraction = running.find((each) => each.job === key)?.fraction ?? 0;
    return sum + Math.max(1, job.passes) * (1 - fraction);
  }, 0);
  return (left * worked) / passes / running.length;
}
