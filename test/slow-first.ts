// The order of test files: the slowest begin first, so that no worker is left with one of them at the end. Vitest knows
// durations only from earlier runs, which a fresh clone does not have.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of more than a quarter of a minute on two cores, the longest first. */
export const SLOW: readonly string[] = [
  'notebook/notebooks',
  'cli/run-sweep',
  'training/finetune',
  'tracking/mlflow',
  'report/report-page',
  'steady/resume',
  'sweeps/workers',
  'cli/finetune',
  'reference/finetune',
  'ui/dashboard-page',
  'sweeps/run-sweep',
  'cli/interruption',
  'experiments/studies',
  'project/package',
  'project/install',
  'cli/worker',
  'steady/steady',
  'engine/tfjs-models',
  'notebook/jupyter',
  'experiments/train-part',
  'cli/sweep',
  'experiments/demo-model',
  'cli/other-commands',
  'cli/steady-interruption',
  'reference/networks',
  'reference/trajectories',
  'edits/propose-edits',
  'cli/edit',
  'cli/bad-input',
  'sweeps/rot',
  'fuzz/fuzz',
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
