// The order of test files: the slowest begin first, so that no worker is left with one of them at the end. Vitest knows
// durations only from earlier runs, which a fresh clone does not have.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of more than a quarter of a minute on two cores, the longest first. */
export const SLOW: readonly string[] = [
  'notebook/notebooks',
  'cli/run-sweep',
  'training/finetune',
  'tracking/mlflow',
  'sweeps/run-sweep',
  'experiments/studies',
  'experiments/train-part',
  'cli/interruption',
  'steady/resume',
  'ui/dashboard-page',
  'cli/finetune',
  'video/video-input',
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
  'reference/finetune',
  'project/package',
  'video/memory',
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
