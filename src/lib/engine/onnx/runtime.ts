// ONNX Runtime itself.

import { createRequire } from 'node:module';
import type * as ort from 'onnxruntime-node';

let runtime: typeof ort | undefined;

/** The native module, loaded when it is first needed. */
export function onnxruntime(): typeof ort {
  runtime ??= createRequire(import.meta.url)('onnxruntime-node') as typeof ort;
  return runtime;
}
