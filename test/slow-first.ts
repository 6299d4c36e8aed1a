// The order of test files: the slowest begin first, so that no worker is left with one of them at the end. Vitest knows
// durations only from earlier runs, which a fresh clone does not have.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of more than a quarter of a minute on two cores, the longest first. */
export const SLOW: readonly string[] = [
  'notebook/notebooks',
  'cli/run-sweep',
  'tracking/mlflow',
  'cli/interruption',
  'cli/finetune',
  'video/open-video',
  'training/finetune',
  'experiments/studies',
  'sweeps/run-sweep',
  'project/install',
  'video/frame-times',
  'report/report-page',
  'ui/dashboard-page',
  'video/pictures-in',
  'experiments/train-part',
  'experiments/demo-model',
  'reference/finetune',
  'project/package',
  'cli/sweep',
  'notebook/show',
  'sweeps/rot',
  'video/video-input',
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
