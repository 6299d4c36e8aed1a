// Compiles graphs to plans of TensorFlow.js's functions and runs them.

import { UsageError } from '../../base/errors.js';
import type { Node } from '../../graph/types.js';
import type { Tensor } from '../../tensor/tensor.js';
import { requestedDevice, resolveThreads } from '../devices.js';
import type { CompileOptions } from '../engine.js';
import type { Program, WeightSource } from '../program.js';
import { inputOf } from '../values.js';
import type { Tfjs, TfTensor } from './api.js';
import { evaluate } from './evaluate.js';
import { type FixedValues, fixedValues, toTfjs } from './fixed-values.js';
import { findTfjs, openTfjs } from './packages.js';
import { nameOf, type Plan, planGraph } from './plan.js';
import type { Step } from './steps.js';

/**
 * Compiles the graph of `results` (name to value) for TensorFlow.js.
 *
 * @param weights values of all weights that the graph names, except trained ones
 * @throws UsageError when a weight is missing or no package is installed, FailureError when it does not start
 */
export async function compile(
  results: Readonly<Record<string, Node>>,
  weights: WeightSource,
  { device, threads, trained = new Set() }: CompileOptions = {},
): Promise<Program> {
  const found = findTfjs(requestedDevice(device));
  const plan = planGraph(results, trained, found.backend);
  const tf = await openTfjs(found, resolveThreads(threads));
  await useBackend(tf, found.backend);
  const fixed = await fixedValues(tf, plan, weights);
  const shapes = new Map(Object.entries(results).map(([name, { shape }]) => [name, shape]));
  let disposed = false;
  /** Runs in progress. */
  const running = new Set<Promise<unknown>>();
  return {
    placement: null,
    weights: { mapped: false, reason: 'TensorFlow.js keeps copies of all weights' },
    run(inputs, into = {}) {
      const result = (async () => {
        if (disposed) throw new UsageError('Program.run: the program was disposed of; compile it again');
        checkInputs(plan, inputs);
        await useBackend(tf, found.backend);
        return runPlan(tf, { plan, fixed, shapes }, inputs, into);
      })();
      const settled: Promise<unknown> = result.catch(() => {}).finally(() => running.delete(settled));
      running.add(settled);
      return result;
    },
    async dispose() {
      if (disposed) return;
      disposed = true;
      await Promise.all(running);
      fixed.release();
    },
  };
}

/** Backends of one module are chosen for all of the process. */
async function useBackend(tf: Tfjs, backend: string): Promise<void> {
  if (tf.getBackend() !== backend) await tf.setBackend(backend);
}

function checkInputs({ steps }: Plan, inputs: Readonly<Record<string, Tensor>>): void {
  for (const { source, fixed, shape } of steps) {
    if (source && !fixed) inputOf(nameOf(source), shape, inputs);
  }
}

interface Runnable {
  readonly plan: Plan;
  readonly fixed: FixedValues;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

async function runPlan(
  tf: Tfjs,
  { plan: { steps, outputs }, fixed, shapes }: Runnable,
  inputs: Readonly<Record<string, Tensor>>,
  into: Readonly<Record<string, Float32Array>>,
): Promise<Record<string, Tensor<'float32'>>> {
  const names = new Map<Step, string[]>();
  for (const [name, step] of outputs) names.set(step, [...(names.get(step) ?? []), name]);
  const results: Record<string, Tensor<'float32'>> = {};
  /** Copies a value to its outputs, since JavaScript's backend returns arrays that it still uses. */
  const read = async (step: Step, value: TfTensor): Promise<void> => {
    const data = (await value.data()) as Float32Array;
    for (const name of names.get(step) ?? []) {
      into[name]?.set(data);
      results[name] = { dtype: 'float32', shape: shapes.get(name)!, data: into[name] ?? data.slice() };
    }
  };
  for (const [step, value] of fixed.values) if (names.has(step)) await read(step, value);
  await evaluate(
    tf,
    steps.filter((step) => !step.fixed),
    {
      fixed: fixed.values,
      given: (source) => toTfjs(tf, inputs[nameOf(source)]),
      onValue: (step, value) => (names.has(step) ? read(step, value) : undefined),
    },
  );
  return Object.fromEntries([...outputs.keys()].map((name) => [name, results[name]]));
}
