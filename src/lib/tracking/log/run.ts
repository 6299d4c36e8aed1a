// A run that is being logged, as those who log see it. How it reaches the disk: log-run.ts. Stored runs: open-run.ts.

import type { Closable } from '../../base/closable.js';
import type { Artifact } from '../stored/artifact-records.js';
import type { RunInput, RunRecord, RunStatus } from '../stored/run-record.js';
import type { NestedParameters } from './parameters.js';

/**
 * A run that is being logged. At the end of an `await using` block a run that was not finished is `failed`: `finish` is the last
 * statement of a block that succeeds.
 */
export interface Run extends Closable {
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** Absolute path of the run's folder. */
  readonly folder: string;
  /** Absolute path of the folder for what the run makes. */
  readonly artifacts: string;
  /** The run as run.json says it now. */
  readonly record: RunRecord;
  /** Whether anything is remembered: not so of an `untrackedRun`. */
  readonly tracked: boolean;
  /** Where it is logged to besides its folder; parts of it are logged there too. */
  readonly logging: LoggingOptions;
  /**
   * Adds parameters, nested as one likes.
   *
   * @throws UsageError when one is set to something else already
   */
  logParams(parameters: NestedParameters): Promise<void>;
  /**
   * Adds a point to each metric. Returns at once; the points reach the file within a tenth of a second.
   *
   * @throws UsageError for a key or value that cannot be a metric's, or when the run has ended
   */
  logMetrics(metrics: Readonly<Record<string, number>>, options?: MetricOptions): void;
  /** Voids the points at `step` and after, which a training that goes on from an earlier state computes again. */
  rewind(step: number): Promise<void>;
  /**
   * Records a file, or every file of a folder, with its hash. Files in `artifacts` belong to the run; others stay where they
   * are and are recorded by their path.
   *
   * @throws UsageError when there is no such file
   */
  logArtifact(path: string, options?: ArtifactOptions): Promise<Artifact[]>;
  /** Records a picture of a series, such as one preview every hundred iterations: MLflow shows them as an image grid. */
  logImage(path: string, image: { readonly key: string; readonly step: number }): Promise<void>;
  /** Adds files that the run reads, by kind and name. */
  logInputs(inputs: readonly RunInput[]): Promise<void>;
  /** Sets tags; unlike parameters they may change. */
  setTags(tags: Readonly<Record<string, string>>): Promise<void>;
  /** Resolves when everything logged so far is in the folder. */
  flush(): Promise<void>;
  /**
   * Ends the run; a second call changes nothing.
   *
   * @throws FailureError when the disk refused what was logged
   */
  finish(status?: Exclude<RunStatus, 'running'>, options?: { error?: unknown }): Promise<void>;
}

/** Where a run is logged to besides its folder. */
export interface LoggingOptions {
  /** Address of an MLflow tracking server; `STEADYFRAME_MLFLOW_URI` by default, none with `false`. */
  readonly mlflow?: string | false | undefined;
  /** Told what goes wrong with the server, which stops no run; stderr by default. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Where points stand. */
export interface MetricOptions {
  /** By default one more than the metric's last step, from 0 on. */
  readonly step?: number;
  /** Milliseconds since 1970; now by default. */
  readonly time?: number;
}

/** How an artifact is recorded. */
export interface ArtifactOptions {
  /** Its name in the run, or that of its folder; by default its path within `artifacts`, else the file's own name. */
  readonly name?: string;
}

/** Hears that a run has changed, and that it has ended; must not throw. */
export interface RunListener {
  changed(): void;
  ended(): void;
}
