// What the demo model's ControlNet changes: edits of views of held-out drives with and without it, compared with the true
// pictures in the style.

import { mean } from '../../lib/base/mean.js';
import { cannyEdges } from '../../lib/conditions/canny.js';
import { conditionTensor } from '../../lib/conditions/condition.js';
import { img2img } from '../../lib/diffusion/img2img.js';
import { decodeFrame, encodeFrame } from '../../lib/diffusion/restyle.js';
import { compositionKept } from '../../lib/metrics/composition.js';
import { compareFrames } from '../../lib/metrics/pixels.js';
import { loadModel, type Model } from '../../lib/models/model.js';
import type { Frame } from '../../lib/tensor/frame.js';
import { randn } from '../../lib/tensor/randn.js';
import type { Tensor } from '../../lib/tensor/tensor.js';
import { contactSheet } from '../../lib/video/layout/contact-sheet.js';
import { renderScene } from '../../lib/world/picture/render-scene.js';
import { caption } from '../../lib/world/sampling/captions.js';
import { planSample } from '../../lib/world/sampling/training-sample.js';
import { STYLES } from '../../lib/world/styles/styles.js';
import { WORLD_EDGES } from './jittered-edges.js';

/** Options of a judgement. */
export interface JudgeControlNetOptions {
  /** The ControlNet's folder. */
  readonly control: string;
  /** Number of drives, one view of each; 4 by default. */
  readonly drives?: number;
  /** Strengths of the edits; 0.95 by default. */
  readonly strengths?: readonly number[];
  /** DDIM steps of a full run; 20 by default. */
  readonly steps?: number;
  /** 3 by default. */
  readonly guidanceScale?: number;
  readonly threads?: number;
}

/** Means over the views of one strength. */
export interface ControlJudgement {
  readonly strength: number;
  /** Mean |difference| from the true picture in grey levels, without and with the ControlNet. */
  readonly error: readonly [plain: number, controlled: number];
  /** The photograph's composition that is kept (`compositionKept`). */
  readonly kept: readonly [plain: number, controlled: number];
}

const SIZE = { width: 128, height: 128 } as const;

/** Edits each view from the same noise with and without the ControlNet; the sheet has a row for each view. */
export async function judgeControlNet(
  path: string,
  options: JudgeControlNetOptions,
): Promise<{ judgements: readonly ControlJudgement[]; sheet: Frame }> {
  const { control, drives = 4, strengths = [0.95], threads } = options;
  const engine = { device: 'cpu', ...(threads !== undefined && { threads }) };
  await using plain = await loadModel(path, engine);
  await using controlled = await loadModel(path, { ...engine, controls: [{ path: control }] });
  const shown: Frame[] = [];
  const found = strengths.map(() => ({ error: [[], []] as number[][], kept: [[], []] as number[][] }));
  for (let view = 0; view < drives; view++) {
    const { drive, t } = planSample(0, view, { heldOut: true });
    // The photograph is the first style.
    const style = STYLES[1 + (view % (STYLES.length - 1))];
    const [photo, truth] = (['photo', style] as const).map((each) => renderScene(drive, t, each, SIZE));
    const edges = linesOf(cannyEdges(photo, WORLD_EDGES));
    shown.push(photo, edges, truth);
    const prompt = caption(drive, style);
    for (const [i, strength] of strengths.entries()) {
      for (const [which, model] of [plain, controlled].entries()) {
        const conditions = which === 0 ? [] : [conditionTensor([edges])];
        const edit = await editOf(model, photo, { ...options, strength, prompt, seed: view, conditions });
        found[i].error[which].push(compareFrames(edit, truth).absolute);
        found[i].kept[which].push(await compositionKept(photo, edit));
        shown.push(edit);
      }
    }
  }
  const judgements = strengths.map((strength, i) => {
    const both = ([plain, controlled]: number[][]): readonly [number, number] => [mean(plain), mean(controlled)];
    return { strength, error: both(found[i].error), kept: both(found[i].kept) };
  });
  const columns = ['photo', 'edges', 'truth', ...strengths.flatMap((each) => [`${each}`, `${each} edges`])];
  return { judgements, sheet: await contactSheet(shown, { columns: columns.length, labels: { columns } }) };
}

interface EditSettings extends Pick<JudgeControlNetOptions, 'steps' | 'guidanceScale'> {
  readonly strength: number;
  readonly prompt: string;
  readonly seed: number;
  readonly conditions: readonly Tensor<'float32'>[];
}

async function editOf(
  model: Model,
  photo: Frame,
  { steps = 20, guidanceScale = 3, seed, ...settings }: EditSettings,
): Promise<Frame> {
  let latent = await encodeFrame(model, photo);
  const noise = randn(seed, latent.shape);
  for await (const step of img2img(model, { ...settings, steps, guidanceScale, latent, noise })) latent = step.latent;
  return decodeFrame(model, latent);
}

function linesOf(edges: Uint8Array): Frame {
  return { ...SIZE, data: Uint8Array.from({ length: 3 * edges.length }, (_, i) => 255 * edges[Math.floor(i / 3)]) };
}
