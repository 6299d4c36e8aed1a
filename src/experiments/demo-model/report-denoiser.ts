// Reports the updates of the trainings on latents: at each save the weights are written, and a line into their log.

import { given } from '../../lib/base/given.js';
import type { Weights } from '../../lib/training/loop/adamw.js';
import type { DenoiserStep } from './pretrain-denoiser.js';
import type { Part, PretrainOptions, PretrainReport } from './pretrain-options.js';
import { appendLog, type LogLine } from './training-log.js';

/** What a save adds to the log's line, and to the note. */
export interface Saved {
  readonly line?: LogLine;
  readonly note?: string;
}

/**
 * Yields a report of each update. `save` writes the weights of a save; the loss in its line is the mean since the save before.
 */
export async function* reportedSteps(
  steps: AsyncIterable<DenoiserStep>,
  { out, part }: Pick<PretrainOptions, 'out'> & { readonly part: Part },
  save: (weights: Weights, iteration: number) => Promise<Saved>,
): AsyncGenerator<PretrainReport, void, undefined> {
  let [sum, count] = [0, 0];
  for await (const { iteration, loss, saved, state, secondsLeft, heldOutLoss, learningRate } of steps) {
    const metrics = { loss, learning_rate: learningRate };
    sum += loss;
    count++;
    if (!saved) {
      yield { iteration, loss, secondsLeft, metrics };
      continue;
    }
    const added = await save(state.average ?? state.weights, iteration);
    const line = { iteration, loss: sum / count, heldOutLoss, learningRate, ...added.line };
    await appendLog(out, part, line);
    const note = `loss ${line.loss.toFixed(4)}, held out ${heldOutLoss?.toFixed(4)}${added.note ?? ''}`;
    yield { iteration, loss, secondsLeft, metrics: { ...metrics, ...given({ held_out_loss: heldOutLoss }) }, note };
    [sum, count] = [0, 0];
  }
}
