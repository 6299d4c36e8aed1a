// Computes steps with TensorFlow.js. A value is freed as soon as its last use is past.

import { applyKernel, type Tfjs, type TfTensor } from './api.js';
import type { Source, Step } from './steps.js';

/** The longest that everything else in the process is kept waiting: kernels are computed in JavaScript's own thread. */
const PATIENCE_MILLISECONDS = 50;

/** What steps are computed from, and what becomes of their values. */
export interface Evaluation {
  /** Values that are there already; they are not freed here. */
  readonly fixed?: ReadonlyMap<Step, TfTensor>;
  /** Makes the value of a source. */
  readonly given: (source: Source) => TfTensor | Promise<TfTensor>;
  /** Steps whose values are returned, for the caller to free. */
  readonly kept?: ReadonlySet<Step>;
  /** Called with each value before it may be freed. */
  readonly onValue?: (step: Step, value: TfTensor) => Promise<void> | undefined;
}

/**
 * Computes steps, inputs before their users.
 *
 * @returns the values of the kept steps; when something fails, none is left
 */
export async function evaluate(
  tf: Tfjs,
  steps: readonly Step[],
  { fixed = new Map(), given, kept, onValue }: Evaluation,
): Promise<Map<Step, TfTensor>> {
  const uses = new Map<Step, number>();
  for (const { inputs } of steps) for (const step of inputs) uses.set(step, (uses.get(step) ?? 0) + 1);
  const values = new Map<Step, TfTensor>();
  const free = (step: Step): void => {
    if (kept?.has(step)) return;
    values.get(step)?.dispose();
    values.delete(step);
  };
  let rested = performance.now();
  try {
    for (const step of steps) {
      const inputs = step.inputs.map((input) => values.get(input) ?? fixed.get(input)!);
      const value = step.source ? await given(step.source) : applyKernel(tf, step, inputs);
      values.set(step, value);
      await onValue?.(step, value);
      for (const used of step.inputs) {
        const left = uses.get(used)! - 1;
        uses.set(used, left);
        if (left === 0) free(used);
      }
      if (!uses.get(step)) free(step);
      if (performance.now() - rested > PATIENCE_MILLISECONDS) {
        await new Promise((resolve) => setImmediate(resolve));
        rested = performance.now();
      }
    }
    return values;
  } catch (error) {
    for (const value of values.values()) value.dispose();
    throw error;
  }
}
