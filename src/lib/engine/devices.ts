// The devices, and the errors for devices that do not start.

import { chosenWord, variable } from '../base/environment.js';
import { FailureError, UsageError } from '../base/errors.js';

/** Devices by their names in options and in `STEADYFRAME_DEVICE`. */
export const DEVICES = ['cpu', 'webgpu', 'cuda', 'coreml', 'dml'] as const;
/** Name of a device. */
export type Device = (typeof DEVICES)[number];

const NEEDS: Readonly<Record<Device, string>> = {
  cpu: 'nothing',
  webgpu: 'a Vulkan (Linux), Metal (macOS) or Direct3D 12 (Windows) driver',
  cuda: "an NVIDIA driver, CUDA 12 and onnxruntime-node's CUDA files, on Linux x64 (see the README)",
  coreml: 'macOS',
  dml: 'Windows',
};

/**
 * The requested device: `option`, else `STEADYFRAME_DEVICE`, else the CPU.
 *
 * @throws UsageError when there is no device of that name
 */
export function resolveDevice(option?: string): Device {
  return requestedDevice(option) ?? 'cpu';
}

/** The same, undefined where neither names one. */
export function requestedDevice(option?: string): Device | undefined {
  const problem = ' is not a device; choose one of';
  return chosenWord(DEVICES, option, { option: 'device', variable: 'STEADYFRAME_DEVICE', problem });
}

/**
 * The threads of a session on the CPU: `option`, else `STEADYFRAME_THREADS`, else undefined, which is one for each core.
 *
 * @throws UsageError if it is no positive integer
 */
export function resolveThreads(option?: number): number | undefined {
  const text = variable('STEADYFRAME_THREADS');
  const threads = option ?? (text === undefined ? undefined : Number(text));
  if (threads !== undefined && (!Number.isInteger(threads) || threads < 1)) {
    const origin = option === undefined ? 'STEADYFRAME_THREADS' : 'threads';
    throw new UsageError(
      `${origin}: '${option ?? text}' is no number of threads; give 1 or more, or nothing for one a core`,
    );
  }
  return threads;
}

/** Where convolutions go by Winograd's tiles: where that is quicker, wherever it can be, or nowhere. */
const WINOGRAD = ['quicker', 'everywhere', 'off'] as const;

/**
 * Where Winograd's convolutions are used: `STEADYFRAME_WINOGRAD`, else where they are quicker.
 *
 * @throws UsageError if it is none of the words
 */
export function resolveWinograd(): (typeof WINOGRAD)[number] {
  const place = { option: 'winograd', variable: 'STEADYFRAME_WINOGRAD', problem: ', expected one of' } as const;
  return chosenWord(WINOGRAD, undefined, place) ?? 'quicker';
}

/** The error for a device that does not start; there is no silent fallback. */
export function deviceFailure(device: Device, reason: string): FailureError {
  const cause = reason.replace(/\s+/g, ' ').trim();
  return new FailureError(
    `device ${device} did not start: it needs ${NEEDS[device]}; choose another device, cpu always works (${cause})`,
  );
}
