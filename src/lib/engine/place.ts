// Where a graph is computed.

import { basename } from 'node:path';
import { UsageError } from '../base/errors.js';
import { type Device, requestedDevice, resolveDevice } from './devices.js';
import { type Engine, type Precision, resolveEngine, resolvePrecision } from './engine.js';
import { findTfjs } from './tfjs/packages.js';

/** An engine with the device that it runs on. */
export interface Place {
  readonly engine: Engine;
  readonly device: Device;
  readonly precision: Precision;
  /** What results remember, whose numbers differ: the device with what makes it approximate, or the package of TensorFlow.js. */
  readonly runsOn: string;
}

interface Asked {
  readonly engine?: string;
  readonly device?: string;
  readonly precision?: string;
}

/**
 * The place that options, else environment variables, ask for.
 *
 * @throws UsageError when there is no engine, device or precision of that name, or TensorFlow.js is not installed for the device
 */
export function resolvePlace({ engine: asked, device, precision: floats }: Asked = {}): Place {
  const engine = resolveEngine(asked);
  const precision = resolvePrecision(floats);
  if (engine === 'onnx') {
    const own = resolveDevice(device);
    if (precision === 'float32') return { engine, device: own, precision, runsOn: own };
    if (own === 'cpu') {
      throw new UsageError(
        'precision float16: the CPU computes with float32; choose a device such as webgpu, or leave it out (weights that are stored as float16 need nothing)',
      );
    }
    return { engine, device: own, precision, runsOn: `${own} ${precision} (approximate)` };
  }
  if (precision !== 'float32') throw new UsageError(`precision ${precision}: only engine onnx has it; leave it out`);
  const found = findTfjs(requestedDevice(device));
  return { engine, device: found.device, precision, runsOn: basename(found.name) };
}
