// Whether a device computes with 16-bit floats, which shows when it runs something.

import { FailureError } from '../../base/errors.js';
import { ops } from '../../graph/ops.js';
import type { Device } from '../devices.js';
import type { Precision } from '../engine.js';
import { onnxruntime } from './runtime.js';
import { openSession } from './session.js';

const known = new Map<Device, Promise<void>>();

/**
 * Checks that a device computes with such floats.
 *
 * @throws FailureError when it does not, or does not start
 */
export async function assertPrecision(device: Device, precision: Precision = 'float32'): Promise<void> {
  if (precision === 'float32') return;
  const checked = known.get(device) ?? computeWithHalves(device);
  known.set(device, checked);
  await checked;
}

async function computeWithHalves(device: Device): Promise<void> {
  const x = ops.input('x', [4]);
  const { session } = await openSession({ y: ops.add(x, x) }, new Map(), device, { precision: 'float16' });
  const { Tensor } = onnxruntime();
  try {
    await session.run({ x: new Tensor('float32', Float32Array.of(1, 2, 3, 4), [4]) });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new FailureError(
      `device ${device} does not compute with float16 (shader-f16 of WebGPU); choose precision float32 (${cause})`,
    );
  } finally {
    await session.release();
  }
}
