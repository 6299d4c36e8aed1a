// The experiment as a page: conclusions in words, synchronized videos, the numbers, and differences from the published
// settings.

import { cpus, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { VERSION } from '../base/version.js';
import type { Model } from '../models/model.js';
import type { ReportArm, ReportData, ReportSetting } from '../report/report-data.js';
import { writeReport } from '../report/write-report.js';
import type { WhatIsTrained } from '../training/finetune/trained-weights.js';
import { gridArms } from './arms.js';
import { plainCurve } from './claims.js';
import { PUBLISHED } from './plan.js';
import type { RecipeArm, RecipeResult, RecipeTraining } from './result.js';

/** File name of the page. */
export const REPORT = 'report.html';

/** Writes the self-contained page into the folder of the result. */
export async function writeRecipeReport(
  out: string,
  result: RecipeResult,
  model: Model,
  strengths: readonly number[],
): Promise<void> {
  await writeReport(join(out, REPORT), reportData(out, result, model, strengths));
}

function reportData(out: string, result: RecipeResult, model: Model, strengths: readonly number[]): ReportData {
  const { arms, prompts, frames, frameRate, width, height, source, claims, editedFrame, trainings } = result;
  const plain = arms.filter(({ kind }) => kind === 'plain');
  const tuned = arms.filter(({ kind }) => kind === 'tuned');
  const curve = plainCurve(plain).map(([x, y]) => {
    const arm = plain.find(({ metrics }) => metrics.edit_strength === x)!;
    return { label: arm.label, x, y, arm: arm.name };
  });
  const [training] = trainings;
  return {
    title: `${prompts[0]}: the published recipe`,
    summary: summary(result, strengths),
    claims: claims.map(({ arm, ...claim }) => ({
      ...claim,
      claim: tuned.length > 1 ? `${capitalised(arm)}. ${claim.claim}` : claim.claim,
    })),
    facts: [
      { name: 'video', value: `${basename(result.video)}, ${frames} frames of ${width}x${height}` },
      { name: 'model', value: basename(result.model) },
      ...prompts.map((value, i) => ({ name: i === 0 ? 'prompt' : 'also trained', value })),
    ],
    shot: { frameRate, frames, width, height },
    arms: [
      {
        name: 'original',
        label: 'original',
        kind: 'source',
        video: join(out, 'original.mp4'),
        metrics: source.means,
        perFrame: source.curves,
      },
      ...arms.map((arm) => reportArm(out, arm)),
    ],
    grid: ['original', ...gridArms(arms).map(({ name }) => name)],
    ...(result.truthFloor !== null && { metrics: TRUTH_METRICS }),
    decision: {
      curves: [{ label: 'plain model, all strengths', points: curve }],
      floors: [{ label: 'source', y: source.means.warping_error_normalised ?? 0 }],
      note: 'To the right the edit is stronger, downwards the video is steadier. A method is worth something where it lies below the plain model’s curve.',
    },
    ...(training && { training: course(out, training) }),
    pictures: [
      ...(editedFrame.given.length > 0 ? [givenEdits(out, editedFrame)] : []),
      ...(editedFrame.proposals.length > 0 ? [proposals(out, editedFrame)] : []),
    ],
    settings: settingsTable(result, trainings[0], strengths),
    provenance: [
      { name: 'steadyframe', value: VERSION },
      { name: 'device', value: model.runsOn },
      {
        name: 'machine',
        value: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
      },
      ...Object.entries(result.seconds).map(([stage, value]) => ({ name: stage, value: `${value.toFixed(1)} s` })),
    ],
  };
}

type ShownEdit = RecipeResult['editedFrame'];
type Pictures = NonNullable<ReportData['pictures']>[number];

function givenEdits(out: string, { original, given }: ShownEdit): Pictures {
  return {
    title: 'Edited frames that were given',
    pictures: [
      { src: join(out, original), alt: 'the original frame', caption: 'original' },
      ...given.map(({ arm, frame, picture }) => ({
        src: join(out, picture),
        alt: `the edited frame ${frame}`,
        caption: `frame ${frame}, learned by: ${arm}`,
      })),
    ],
  };
}

function proposals(out: string, { frame, original, proposals }: ShownEdit): Pictures {
  return {
    title: `Proposals for the edited frame (frame ${frame})`,
    note: 'Ranked by how well the composition is kept beside how strongly the picture is edited. The marked one was learned.',
    pictures: [
      { src: join(out, original), alt: 'the original frame', caption: 'original' },
      ...proposals.map(({ picture, strength, seed, kept, editStrength, chosen }) => ({
        src: join(out, picture),
        alt: `strength ${strength}, seed ${seed}`,
        caption: `${strength}, seed ${seed}: kept ${kept.toFixed(2)}, edited by ${editStrength.toFixed(0)}`,
        chosen,
      })),
    ],
  };
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Numbers that only shots of the procedural world have. */
const TRUTH_METRICS: ReportData['metrics'] = {
  truth_error: {
    title: 'error to the truth',
    unit: '0..255',
    group: 'truth',
    explanation:
      'Mean absolute difference to the true rendering of this shot in this style, which the procedural world knows.',
  },
  car_correlation: {
    title: 'car kept',
    unit: '-1..1',
    group: 'truth',
    explanation:
      'Correlation with the true rendering in and around the car: near 1 it is there, near 0 something else is.',
    fromZero: false,
  },
};

function reportArm(out: string, arm: RecipeArm): ReportArm {
  const { strength, guidance, firstTimestep, truth } = arm;
  return {
    name: arm.name,
    label: arm.label,
    kind: arm.kind === 'tuned' ? 'method' : arm.kind,
    video: join(out, arm.video),
    settings: {
      ...(strength !== null && { strength }),
      ...(guidance !== null && { guidance }),
      ...(firstTimestep !== null && { 'first timestep': firstTimestep }),
      ...(arm.steady && { steady: 'keyframes' }),
    },
    metrics: {
      ...arm.metrics,
      ...(truth && { truth_error: truth.truthError, car_correlation: truth.carCorrelation }),
    },
    perFrame: { ...arm.curves, ...(truth && { truth_error: truth.curve }) },
  };
}

function course(
  out: string,
  { losses, gradientNorms, learningRates, previews }: RecipeTraining,
): ReportData['training'] {
  // A continued training does not have the learning rates of its first part.
  const missing = Array.from({ length: losses.length - learningRates.length }, () => null);
  return {
    iterations: losses.map((_, i) => i + 1),
    loss: losses,
    gradientNorm: gradientNorms,
    learningRate: [...missing, ...learningRates],
    checkpoints: previews.map(({ iteration, sheet, metrics }) => ({
      iteration,
      picture: join(out, sheet),
      metrics,
      chosen: iteration === losses.length,
    })),
  };
}

function summary({ arms, claims, truthFloor, frames }: RecipeResult, strengths: readonly number[]): string[] {
  const tuned = arms.filter(({ kind }) => kind === 'tuned');
  const steady = tuned.some((arm) => arm.steady);
  const verdicts = tuned.map(({ label, truth }) => {
    const own = claims.filter(({ arm }) => arm === label);
    const held = own.filter((claim) => claim.held).length;
    const error =
      truth && truthFloor !== null
        ? ` It is off the truth by ${truth.truthError.toFixed(1)} grey levels; the autoencoder alone costs ${truthFloor.toFixed(1)}.`
        : '';
    return `${capitalised(label)}: of ${own.length} claims of the recipe, ${held} hold here.${error}`;
  });
  return [
    ...verdicts,
    `The same ${frames} frames four ways: as they are, edited frame by frame at strength ${strengths[0]} and at ${strengths[1] ?? strengths[0]}, and at ${strengths[0]} again with a model that was finetuned on this very video and on one edited frame of it${steady ? ': its keyframes only, carried along the source’s motion to the frames between. The table has the published recipe beside it, which renders every frame' : ''}.`,
  ];
}

function settingsTable(
  { settings, prompts, frames, width, height }: RecipeResult,
  training: RecipeTraining | undefined,
  strengths: readonly number[],
): ReportSetting[] {
  const denoise = settings.denoise as Record<string, unknown>;
  const trained = (training?.settings ?? {}) as Record<string, unknown>;
  const range = (trained.timestepRange ?? []) as number[];
  const row = (group: string, name: string, value: unknown, note?: string): ReportSetting => ({
    group,
    name,
    value: typeof value === 'string' ? value : JSON.stringify(value),
    ...(PUBLISHED[name] !== undefined && { published: PUBLISHED[name] }),
    ...(note !== undefined && { note }),
  });
  const rendering = [
    row('rendering', 'frames', `${frames} of ${width}x${height}`),
    row('rendering', 'strength', String(strengths[0])),
    row('rendering', 'steps', String(denoise.steps)),
    row('rendering', 'sampler', denoise.sampler),
    row('rendering', 'guidance of the plain model', settings.guidanceScale),
    row('rendering', 'guidance of the finetuned model', (settings.arms as { guidance: number[] }[])[0]?.guidance[0]),
  ];
  if (!training) return rendering;
  return [
    ...rendering,
    row(
      'finetuning',
      'strengths of proposed edits',
      (settings.proposals as { strengths: number[] }).strengths.join(', '),
    ),
    row('finetuning', 'training frames', String(trained.trainingFrames)),
    row('finetuning', 'edited frames', `1, with ${prompts.length} ${prompts.length === 1 ? 'prompt' : 'prompts'}`),
    row(
      'finetuning',
      'learning rate',
      formatRate(Number(trained.learningRate)),
      'the published rate suits 860 M weights',
    ),
    row('finetuning', 'iterations', String(training.losses.length)),
    row('finetuning', 'batch size', String(trained.batch)),
    row('finetuning', 'timestep range', `[${range.join(', ')})`),
    row('finetuning', 'objective', String(trained.objective)),
    row('finetuning', 'what is trained', trainedInWords(trained.train as WhatIsTrained)),
  ];
}

function trainedInWords(train: WhatIsTrained): string {
  if (train.kind === 'lora') return `low-rank updates${train.rank === undefined ? '' : ` of rank ${train.rank}`}`;
  return train.kind === 'attention' ? 'the attention layers' : 'the whole UNet';
}

const formatRate = (rate: number): string => rate.toExponential().replace('e-0', 'e-');
