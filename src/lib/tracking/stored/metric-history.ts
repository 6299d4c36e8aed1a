// The points of one metric, as columns of numbers. Reading them: read-metrics.ts.

/**
 * The points of one metric in the order of their steps; those of one step in the order in which they were logged.
 *
 * @inline
 */
export interface MetricHistory {
  readonly steps: Float64Array;
  readonly values: Float64Array;
  /** Milliseconds since 1970. */
  readonly times: Float64Array;
}
