// The order of test files: the slowest begin first, so that no worker is left with one of them at the end. Vitest knows
// durations only from earlier runs, which a fresh clone does not have.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of more than a quarter of a minute on two cores, the longest first. */
export const SLOW: readonly string[] = [
  'notebook/notebooks',
  'cli/run-sweep',
  'training/finetune',
  'sweeps/run-sweep',
  'experiments/studies',
  'cli/interruption',
  'ui/dashboard-page',
  'tracking/mlflow',
  'cli/finetune',
  'project/install',
  'video/frame-times',
  'video/open-video',
  'video/pictures-in',
  'experiments/demo-model',
  'notebook/jupyter',
  'renderings/strength-sweep',
  'cli/sweep',
  'video/write-video',
  'report/report-page',
  'experiments/train-part',
  'reference/finetune',
  'project/package',
  'video/memory',
  'video/video-input',
  'sweeps/rot',
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
