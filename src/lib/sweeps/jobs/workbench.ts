// Executes jobs one after another and keeps the model of the last one open, because the next one often needs it. Runs in a
// worker process, or in the main process.

import { canonicalJson } from '../../base/hash.js';
import { loadModel, type Model } from '../../models/model.js';
import type { Executor, JobHooks, OpenModel } from './executor.js';
import type { Job } from './job.js';
import { renderPoint } from './render-point.js';
import { encodeSource } from './source-job.js';
import { trainStage } from './training-job.js';

/** Executes jobs in this process. */
export interface Workbench {
  do(job: Job, hooks: JobHooks): Promise<void>;
  /** Closes the open model. */
  dispose(): Promise<void>;
}

/** Creates a workbench; `threads` is the number of threads of a model. */
export function createWorkbench({ threads }: { threads?: number } = {}): Workbench {
  let open: { key: string; model: Model } | undefined;
  const dispose = async (): Promise<void> => {
    const { model } = open ?? {};
    open = undefined;
    await model?.dispose();
  };
  const openModel: OpenModel = async (path, options) => {
    const { onWarning: _, ...decides } = options;
    const key = canonicalJson({ path, ...decides });
    if (open?.key === key) return open.model;
    await dispose();
    const model = await loadModel(path, { ...options, ...(threads !== undefined && { threads }) });
    open = { key, model };
    return model;
  };
  return {
    async do(job, hooks) {
      if (job.kind === 'source') await encodeSource(job, openModel, hooks);
      else if (job.kind === 'training') await trainStage(job, openModel, hooks);
      else await renderPoint(job, openModel, hooks);
    },
    dispose,
  };
}

/** Executes jobs in this process, where no processes can be started. A crash ends the whole sweep. */
export function localExecutor(): Executor {
  const bench = createWorkbench();
  return { slots: 1, run: bench.do, close: bench.dispose };
}
