// The order of test files: those that take longest begin first, so that no worker is left with one of them at the end. Vitest knows
// durations only from earlier runs, of which a fresh clone has none.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of more than half a minute on two cores, the longest first. */
export const SLOW: readonly string[] = [
  'notebook/notebooks',
  'cli/run-sweep',
  'cli/interruption',
  'sweeps/run-sweep',
  'training/finetune',
  'cli/finetune',
  'experiments/studies',
  'cli/sweep',
  'tracking/mlflow',
  'video/open-video',
  'project/install',
  'cli/bad-input',
  'cli/tracking',
  'experiments/pretrain-vae',
  'sweeps/rot',
  'cli/other-commands',
  'video/frame-times',
  'report/report-page',
  'video/pictures-in',
  'experiments/demo-model',
  'cli/demo',
];

/** Sorts the slow files first; the others follow in Vitest's own order. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const index = SLOW.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return index < 0 ? SLOW.length : index;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
