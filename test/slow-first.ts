// The order of test files: the slowest begin first, so that no worker is left with one of them at the end. Vitest knows
// durations only from earlier runs, which a fresh clone does not have.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Projects in the order in which they run: a process goes on with files of its own project only, and is thrown away else. */
const PROJECTS = ['gpu', 'alone', 'reloading', 'exact', 'commands', 'work', 'parts'];

/** Files of more than ten seconds on two cores, about the longest first. */
export const SLOW: readonly string[] = `
  notebook/notebooks tracking/mlflow gpu/webgpu ui/dashboard-page project/install project/package notebook/jupyter
  video/memory project/docs base/lock-race tracking/many-runs fuzz/fuzz
  reference/finetune engine/tfjs-models reference/trajectories reference/schedules reference/networks diffusion/controlled
  reference/lora-kinds diffusion/anchored reference/controlled-model
  cli/run-sweep sweeps/workers report/report-page steady/resume cli/interruption sweeps/run-sweep experiments/studies
  cli/finetune training/finetune steady/steady cli/worker experiments/train-part cli/sweep experiments/demo-model
  cli/steady-interruption cli/other-commands sweeps/redis-queue renderings/strength-sweep cli/edit video/video-input
  edits/propose-edits cli/bad-input sweeps/rot cli/demo experiments/methods cli/again video/estimate-flow edits/edit-frame
  experiments/study-command video/frame-times
`
  .trim()
  .split(/\s+/);

/** Sorts by projects, and within each the slow files first; the others follow in Vitest's own order. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId, project }: TestSpecification): number => {
      const index = SLOW.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return PROJECTS.indexOf(project.name) * 1000 + (index < 0 ? SLOW.length : index);
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}
