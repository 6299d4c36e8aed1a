// Messages between a sweep and its worker processes, as JSON over the channel between parent and child.

import type { Progress } from '../../base/progress.js';
import type { Job } from './job.js';

/** Messages to a worker. */
export type Order =
  | { readonly type: 'do'; readonly job: Job; readonly threads?: number }
  /** Stop the job after its current step. */
  | { readonly type: 'stop' }
  /** No more messages follow. */
  | { readonly type: 'end' };

/** Messages from a worker. */
export type Report =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'metrics'; readonly step: number; readonly metrics: Readonly<Record<string, number>> }
  | { readonly type: 'done' }
  | {
      readonly type: 'failed';
      readonly kind: 'usage' | 'failure' | 'stopped' | 'unexpected';
      readonly message: string;
    };
