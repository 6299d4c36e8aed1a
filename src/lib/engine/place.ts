// Where a graph is computed.

import { basename } from 'node:path';
import { type Device, requestedDevice, resolveDevice } from './devices.js';
import { type Engine, resolveEngine } from './engine.js';
import { findTfjs } from './tfjs/packages.js';

/** An engine with the device that it runs on. */
export interface Place {
  readonly engine: Engine;
  readonly device: Device;
  /** What results remember, whose numbers differ in their last digits: the device, or the package of TensorFlow.js. */
  readonly runsOn: string;
}

/**
 * The place that options, else environment variables, ask for.
 *
 * @throws UsageError when there is no engine or device of that name, or TensorFlow.js is not installed for the device
 */
export function resolvePlace({ engine: asked, device }: { engine?: string; device?: string } = {}): Place {
  const engine = resolveEngine(asked);
  if (engine === 'onnx') {
    const own = resolveDevice(device);
    return { engine, device: own, runsOn: own };
  }
  const found = findTfjs(requestedDevice(device));
  return { engine, device: found.device, runsOn: basename(found.name) };
}
