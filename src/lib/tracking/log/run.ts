// The interface of a run that is being logged. log-run.ts writes it to the disk, open-run.ts reads stored runs.

import type { Closable } from '../../base/closable.js';
import type { Progress } from '../../base/progress.js';
import type { Artifact } from '../stored/artifact-records.js';
import type { RunInput, RunRecord, RunStatus } from '../stored/run-record.js';
import type { RunStage } from '../stored/run-stages.js';
import type { NestedParameters } from './parameters.js';

/**
 * A run that is being logged. At the end of an `await using` block an unfinished run is `failed`: `finish` is the last
 * statement of a successful block.
 */
export interface Run extends Closable {
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** Absolute path of the run's folder. */
  readonly folder: string;
  /** Absolute path of the folder for the run's artifacts. */
  readonly artifacts: string;
  /** The current content of run.json. */
  readonly record: RunRecord;
  /** Whether anything is stored: false for an `untrackedRun`. */
  readonly tracked: boolean;
  /** Further places that the run and its parts are logged to. */
  readonly logging: LoggingOptions;
  /**
   * Adds parameters, nested to any depth.
   *
   * @throws UsageError when one has another value already
   */
  logParams(parameters: NestedParameters): Promise<void>;
  /**
   * Adds a point to each metric. Returns at once; the points reach the file within a tenth of a second.
   *
   * @throws UsageError for an invalid key or value, or when the run has ended
   */
  logMetrics(metrics: Readonly<Record<string, number>>, options?: MetricOptions): void;
  /** Logs how far the work is, for those who watch it. Returns at once; the last report reaches the folder within a second. */
  logProgress(progress: Progress): void;
  /** The stages that progress was logged of, also by earlier processes, with the time each took. */
  readonly stages: readonly RunStage[];
  /** Removes the points from `step` on, which a training that continues from an earlier state computes again. */
  rewind(step: number): Promise<void>;
  /**
   * Records a file, or every file of a folder, with its hash. Files in `artifacts` belong to the run; others are not copied,
   * and recorded by their path.
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
  /** Resolves when everything logged before is in the folder. */
  flush(): Promise<void>;
  /**
   * Ends the run; a second call changes nothing.
   *
   * @param options `end`: when its work ended, as ISO 8601; now by default
   * @throws FailureError when the disk failed to store the log
   */
  finish(status?: Exclude<RunStatus, 'running'>, options?: { error?: unknown; end?: string }): Promise<void>;
}

/**
 * Further places that a run is logged to.
 *
 * @inline
 */
export interface LoggingOptions {
  /** Address of an MLflow tracking server; `STEADYFRAME_MLFLOW_URI` by default, none with `false`. */
  readonly mlflow?: string | false | undefined;
  /** Called for problems with the server, which do not stop the run; prints to stderr by default. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Step and time of points.
 *
 * @inline
 */
export interface MetricOptions {
  /** By default the metric's last step plus one, starting at 0. */
  readonly step?: number;
  /** Milliseconds since 1970; now by default. */
  readonly time?: number;
}

/**
 * How an artifact is recorded.
 *
 * @inline
 */
export interface ArtifactOptions {
  /** Name of the file or folder in the run; by default its path within `artifacts`, else the file's name. */
  readonly name?: string;
}

/** Called when a run has changed and when it has ended; must not throw. */
export interface RunListener {
  changed(): void;
  ended(): void;
}
