// The engines: what does the arithmetic of a graph. Each compiles graphs to programs; compile.ts calls the one that is asked
// for.

import { chosenWord } from '../base/environment.js';
import type { Node } from '../graph/types.js';
import type { Device } from './devices.js';
import type { Program, WeightSource } from './program.js';

/** Engines by their names in options and in `STEADYFRAME_ENGINE`: ONNX Runtime and TensorFlow.js. */
export const ENGINES = ['onnx', 'tfjs'] as const;
/**
 * Name of an engine.
 *
 * @inline
 */
export type Engine = (typeof ENGINES)[number];

/** Floats of the arithmetic by their names in options. */
export const PRECISIONS = ['float32', 'float16'] as const;
/**
 * Type of the floats that a graph is computed with.
 *
 * @inline
 */
export type Precision = (typeof PRECISIONS)[number];

/** How to compile. */
export interface CompileOptions {
  /** What does the arithmetic; `STEADYFRAME_ENGINE`, else ONNX Runtime, by default. */
  engine?: Engine;
  /** Where to run; `STEADYFRAME_DEVICE`, else the CPU, by default. TensorFlow.js: else that of the installed package. */
  device?: Device;
  /** Floats of the arithmetic; float32 by default. ONNX Runtime only. */
  precision?: Precision;
  /** Refuse a graph of which some node would fall back to the CPU. */
  strict?: boolean;
  /** Threads on the CPU; `STEADYFRAME_THREADS`, else as many as there are cores, by default. */
  threads?: number;
  /** Use less memory and more time: weights are not repacked, and a run's memory is freed after it. ONNX Runtime's CPU only. */
  lean?: boolean;
  /** Names of the weights that are trained and therefore passed to each run. */
  trained?: ReadonlySet<string>;
}

/** Compiles the graph of `results` (name to value) with the values of all weights that it names, except trained ones. */
export type Compile = (
  results: Readonly<Record<string, Node>>,
  weights: WeightSource,
  options: CompileOptions,
) => Promise<Program>;

/**
 * The requested engine: `option`, else `STEADYFRAME_ENGINE`, else ONNX Runtime.
 *
 * @throws UsageError when there is no engine of that name
 */
export function resolveEngine(option?: string): Engine {
  const problem = ' is not an engine; choose one of';
  return chosenWord(ENGINES, option, { option: 'engine', variable: 'STEADYFRAME_ENGINE', problem }) ?? 'onnx';
}

/**
 * The floats of the arithmetic, float32 unless others are asked for.
 *
 * @throws UsageError when there are none of that name
 */
export function resolvePrecision(option?: string): Precision {
  const problem = ' is no type of floats; choose one of';
  return chosenWord(PRECISIONS, option, { option: 'precision', problem }) ?? 'float32';
}
