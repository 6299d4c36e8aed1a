// Optical flow by the network of the package (models/flow), for frames of any size.

import { type FlowModel, openFlowModel } from '../../models/flow/flow-model.js';
import { type Frame, framesToImage } from '../../tensor/frame.js';
import { asImage } from '../as-image.js';
import type { Flow } from './flow.js';
import { flowOf, resizeFlow } from './planes.js';

/** The area that larger frames are scaled to, in pixels: the network sees a motion at the scale that it was trained at. */
const WORKING_AREA = 256 * 256;
/** Sides that the network takes are multiples of this. */
const MULTIPLE = 16;

let opening: Promise<FlowModel> | undefined;

/**
 * The flows between two frames of one size, in both directions.
 *
 * @throws UsageError when the network's files are missing
 */
export async function networkFlow(a: Frame, b: Frame): Promise<{ there: Flow; back: Flow }> {
  opening ??= openFlowModel();
  const model = await opening;
  const { width, height } = a;
  const size = workingSize(width, height);
  const [first, second] = await Promise.all([a, b].map((frame) => scaled(frame, size)));
  const { data } = await model.flow(framesToImage([first, second]), framesToImage([second, first]));
  const cells = size.width * size.height;
  const plane = (index: number): Float32Array => data.subarray(index * cells, (index + 1) * cells);
  const [there, back] = [0, 2].map((first) => resizeFlow(flowOf(plane(first), plane(first + 1), size), width, height));
  return { there, back };
}

/** Sides of about the same shape and at most the working area, multiples of 16. */
function workingSize(width: number, height: number): { width: number; height: number } {
  const scale = Math.min(1, Math.sqrt(WORKING_AREA / (width * height)));
  const side = (length: number): number => Math.max(2 * MULTIPLE, MULTIPLE * Math.round((scale * length) / MULTIPLE));
  return { width: side(width), height: side(height) };
}

async function scaled(frame: Frame, { width, height }: { width: number; height: number }): Promise<Frame> {
  if (frame.width === width && frame.height === height) return frame;
  const data = await asImage(frame).resize({ width, height, fit: 'fill' }).raw().toBuffer();
  return { width, height, data };
}
