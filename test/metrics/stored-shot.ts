// Reads the stored shots for tests of the metrics: frames and flows from a safetensors file.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Frame } from '../../src/lib/tensor/frame.js';
import { readSafetensors } from '../../src/lib/tensor/safetensors.js';
import type { Tensor } from '../../src/lib/tensor/tensor.js';
import type { Flow } from '../../src/lib/video/flow/flow.js';

/** A small shot made by test/metrics/fixtures/make_fixture.py with OpenCV 5.0.0 and scikit-image 0.26.0. */
export const FIXTURE = fileURLToPath(new URL('./fixtures/', import.meta.url));

export const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
export const readTensors = (path: string): Promise<Record<string, Tensor>> => readSafetensors(path);

/** A [T, H, W, 3] uint8 tensor as frames. */
export function framesOf(video: Tensor): Frame[] {
  const [length, height, width] = video.shape;
  return slices(video, length).map((data) => ({ width, height, data: data as Uint8Array }));
}

/** A [T, H, W, 2] float32 tensor as flows. */
export function flowsOf(flows: Tensor): Flow[] {
  const [length, height, width] = flows.shape;
  return slices(flows, length).map((data) => ({ width, height, data: data as Float32Array }));
}

/** The data of a [T, ...] tensor, split into T arrays. */
export function slices(tensor: Tensor, length: number): Tensor['data'][] {
  const each = tensor.data.length / length;
  return Array.from({ length }, (_, t) => tensor.data.slice(t * each, (t + 1) * each));
}
