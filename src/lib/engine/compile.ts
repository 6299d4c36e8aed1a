// Compiles graphs for the engine that is asked for.

import type { Node } from '../graph/types.js';
import { type Compile, type CompileOptions, type Engine, resolveEngine } from './engine.js';
import { compile as compileOnnx } from './onnx/compile.js';
import type { Program, WeightSource } from './program.js';
import { compile as compileTfjs } from './tfjs/compile.js';

export type { CompileOptions } from './engine.js';

const COMPILERS: Readonly<Record<Engine, Compile>> = { onnx: compileOnnx, tfjs: compileTfjs };

/**
 * Compiles the graph of `results` (name to value).
 *
 * @param weights values of all weights that the graph names, except trained ones
 * @throws UsageError when a weight is missing or the engine is not there, FailureError when the device does not start
 */
export async function compile(
  results: Readonly<Record<string, Node>>,
  weights: WeightSource,
  options: CompileOptions = {},
): Promise<Program> {
  return COMPILERS[resolveEngine(options.engine)](results, weights, options);
}
