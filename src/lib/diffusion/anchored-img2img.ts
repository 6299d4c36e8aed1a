// Image to image of the frames of a video together: at each step, all of them before the next step. So frames can attend to
// the first and the previous one and take over the first one's statistics, while the keys and values of two frames at one
// step are all that is kept. There are no windows, and so no seams.

import { UsageError } from '../base/errors.js';
import { given } from '../base/given.js';
import type { Model } from '../models/model.js';
import type { Anchors } from '../models/networks/anchored-unet.js';
import { predictionOf, type UNetInputs } from '../models/networks/run-unet.js';
import { withDefaults } from '../settings/defaults.js';
import { isScheduled, type ScheduledSettings } from '../settings/schedule.js';
import type { OptionsOf } from '../settings/setting.js';
import { RENDER } from '../settings/table.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { adainPrediction, type Shot } from './adain.js';
import { conditionsOfStep } from './controlled.js';
import { guidedPrediction } from './guided-prediction.js';
import { type DenoiseStep, denoise, type Img2ImgOptions, keepingOutside, noisedStart } from './img2img.js';
import type { Denoiser, SamplingPlan } from './samplers/sampler.js';

/** How the frames of a video are tied to each other. */
export type AnchorOptions = OptionsOf<Pick<typeof RENDER, 'anchor' | 'adain' | 'cacheInterval'>>;

/**
 * The network's predictions of finished steps, [F, C, h, w] each. From them an interrupted run continues to the same bits,
 * whatever the sampler keeps.
 */
export interface StepStore {
  /** Number of steps stored. */
  readonly count: number;
  read(step: number): Promise<Float32Array>;
  append(prediction: Float32Array): Promise<void>;
}

/** Options of image to image of the frames of a video. */
export interface AnchoredImg2ImgOptions extends Img2ImgOptions, AnchorOptions {
  /** Frames that go through the network together. */
  batch?: number;
  /** Rows at which another shot begins; none by default. Nothing goes across them. */
  cuts?: readonly number[];
  /** Steps of an interrupted run, to which those of this run are added. */
  stored?: StepStore;
  /** Called after each batch of each step; a stored step is one batch. Steps count from 1. */
  onBatch?: (done: { frame: number; frames: number; step: number; timestep: number }) => void;
}

/** Whether the frames of a video have to be rendered together. */
export function isAnchored(options: AnchorOptions): boolean {
  const { anchor, adain } = withDefaults(RENDER, options);
  return anchor !== 'none' || adain > 0;
}

/**
 * Checks that frames which are rendered together take over no features of earlier steps.
 *
 * @throws UsageError for `cacheInterval`, or a setting that changes with time, beside `anchor` or `adain`
 */
export function checkAnchored(options: AnchorOptions & ScheduledSettings): void {
  const { adain, cacheInterval } = withDefaults(RENDER, options);
  if (!isAnchored(options)) return;
  if (isScheduled(options)) {
    throw new UsageError(
      `${adain > 0 ? 'adain' : 'anchor'}: frames are rendered together under one prompt and one strength; leave out what changes with time, or this`,
    );
  }
  if (cacheInterval === 1) return;
  throw new UsageError(
    `cacheInterval: ${cacheInterval} beside ${adain > 0 ? 'adain' : 'anchor'}, whose steps are those of all frames; leave one of them out`,
  );
}

/**
 * As `img2img` for the frames of a video, in their order, the rows of `latent`. Yields each step of all frames. The first frame
 * is that of the shot. An incomplete batch is padded by repeating its last row. The batch changes the result by rounding only.
 *
 * @throws UsageError and FailureError as `img2img`
 */
export async function* anchoredImg2img(
  model: Model,
  options: AnchoredImg2ImgOptions,
): AsyncGenerator<DenoiseStep, void, undefined> {
  checkAnchored(options);
  const start = noisedStart(model, options);
  const { adain } = withDefaults(RENDER, options);
  const [frames] = start.shape;
  const starts = [0, ...(options.cuts ?? []), frames];
  const shots = starts.slice(1).map((end, i) => ({ first: starts[i], end }));
  const { plan, shape } = start;
  const predict = await predictionOfShots(model, options, { shape, shots, plan });
  const tied = adainPrediction(predict, model.config.predictionType, { plan, shape, shots }, adain);
  yield* denoise(model, start, keepingOutside(model, start, tied, options), options);
}

interface ShotsRun {
  readonly shape: readonly number[];
  readonly shots: readonly Shot[];
  readonly plan: SamplingPlan;
}

async function predictionOfShots(
  model: Model,
  options: AnchoredImg2ImgOptions,
  { shape: [frames, ...cell], shots, plan }: ShotsRun,
): Promise<Denoiser['predict']> {
  const { batch, anchor } = withDefaults(RENDER, options);
  const { stored, onBatch } = options;
  let anchors: Anchors | undefined;
  let step = 0;
  let conditions: readonly Tensor<'float32'>[] | undefined;
  const anchored = async (inputs: UNetInputs): Promise<Tensor<'float32'>> => {
    const [rows] = inputs.sample.shape;
    const active = conditionsOfStep(model, given({ conditions }), rows, [step - 1, plan.timesteps.length]);
    if (anchor === 'none') return predictionOf(model, { ...inputs, ...active });
    const prompts = rows / batch;
    const result = await model.predictAnchored({ ...inputs, ...active }, { kind: anchor, prompts, anchors });
    anchors = result.anchors;
    return result.output;
  };
  const predict = await guidedPrediction(model, options, { shape: [batch, ...cell], plan }, anchored);
  return async (x, timestep) => {
    step++;
    if (stored && step <= stored.count) {
      onBatch?.({ frame: 0, frames, step, timestep });
      return stored.read(step - 1);
    }
    const row = x.length / frames;
    const prediction = new Float32Array(x.length);
    for (const { frame, count, begins } of batchesOf(shots, batch)) {
      if (begins) anchors = undefined;
      const rowsOf = (values: Float32Array): Float32Array => {
        const size = values.length / frames;
        const rows = new Float32Array(batch * size);
        for (let i = 0; i < batch; i++) {
          const from = frame + Math.min(i, count - 1);
          rows.set(values.subarray(from * size, (from + 1) * size), i * size);
        }
        return rows;
      };
      conditions = options.conditions?.map(({ shape, data }) =>
        tensor('float32', [batch, ...shape.slice(1)], rowsOf(data)),
      );
      const predicted = await predict(rowsOf(x), timestep);
      prediction.set(predicted.subarray(0, count * row), frame * row);
      onBatch?.({ frame, frames: count, step, timestep });
    }
    anchors = undefined;
    await stored?.append(prediction);
    return prediction;
  };
}

/** The batches of all shots, none of which holds frames of two. */
function batchesOf(shots: readonly Shot[], batch: number): { frame: number; count: number; begins: boolean }[] {
  return shots.flatMap(({ first, end }) =>
    Array.from({ length: Math.ceil((end - first) / batch) }, (_, i) => {
      const frame = first + i * batch;
      return { frame, count: Math.min(batch, end - frame), begins: i === 0 };
    }),
  );
}
