// All commands: the module that declares each (name, flags, help), and its action, which is loaded when the command runs.

import type { Command } from 'commander';
import { addAgain } from './commands/again.js';
import { addCompletion } from './commands/completion.js';
import { addControl } from './commands/control.js';
import { addDemo } from './commands/demo.js';
import { addEdit } from './commands/edit.js';
import { addFinetune } from './commands/finetune.js';
import { addFrame } from './commands/frame.js';
import { addGrid } from './commands/grid.js';
import { addInfo } from './commands/info.js';
import { addMetrics } from './commands/metrics.js';
import { addPlan } from './commands/plan.js';
import { addPull } from './commands/pull.js';
import { addRecipe } from './commands/recipe.js';
import { addReport } from './commands/report.js';
import { addRun } from './commands/run.js';
import { addRuns } from './commands/runs.js';
import { addSeeds } from './commands/seeds.js';
import { addSteady } from './commands/steady.js';
import { addSweep } from './commands/sweep.js';
import { addSync } from './commands/sync.js';
import { addUi } from './commands/ui.js';
import { addVerify } from './commands/verify.js';
import { addWorker } from './commands/worker.js';
import type { Context } from './context.js';

/** A command's action. `given` is what commander passes: arguments, values of options, the command. */
export interface Action {
  readonly run: (context: Context, ...given: never[]) => void | Promise<void>;
}

/** Adds a command to a program. */
export type AddCommand = (program: Command, context: Context) => void;

/** The commands in the order of the help. */
export const COMMANDS: readonly AddCommand[] = [
  command(addDemo, () => import('./actions/demo.js')),
  command(addPlan, () => import('./actions/plan.js')),
  command(addSweep, () => import('./actions/sweep.js')),
  command(addSeeds, () => import('./actions/seeds.js')),
  command(addFrame, () => import('./actions/frame.js')),
  command(addEdit, () => import('./actions/edit.js')),
  command(addFinetune, () => import('./actions/finetune.js')),
  command(addRecipe, () => import('./actions/recipe.js')),
  command(addSteady, () => import('./actions/steady.js')),
  command(addControl, () => import('./actions/control.js')),
  command(addMetrics, () => import('./actions/metrics.js')),
  command(addGrid, () => import('./actions/grid.js')),
  command(addAgain, () => import('./actions/again.js')),
  command(addInfo, () => import('./actions/info.js')),
  command(addPull, () => import('./actions/pull.js')),
  command(addRun, () => import('./actions/run.js')),
  command(addWorker, () => import('./actions/worker.js')),
  command(addRuns, () => import('./actions/runs.js')),
  command(addUi, () => import('./actions/ui.js')),
  command(addReport, () => import('./actions/report.js')),
  command(addSync, () => import('./actions/sync.js')),
  command(addVerify, () => import('./actions/verify.js')),
  command(addCompletion, () => import('./actions/completion.js')),
];

function command(declare: (program: Command) => Command, load: () => Promise<Action>): AddCommand {
  return (program, context) => {
    declare(program).action(async (...given) => {
      const { run } = await load();
      await run(context, ...(given as never[]));
    });
  };
}
