// The renderings of one case that methods start from: the plain model's, and those of models finetuned on the true and on
// the picked edit, each at several strengths. They stay in the folder of the case.

import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../lib/base/atomic-file.js';
import { given } from '../../lib/base/given.js';
import type { EditedFrame } from '../../lib/edits/edited-frame.js';
import { loadModel, type Model } from '../../lib/models/model.js';
import { demoPlan } from '../../lib/recipe/combinations.js';
import { pickRecipeEdit } from '../../lib/recipe/pick-edit.js';
import type { RecipePlan, Training, Truth } from '../../lib/recipe/plan.js';
import { DEMO_GUIDANCE, DEMO_TRAINING } from '../../lib/recipe/presets.js';
import { openSource } from '../../lib/renderings/comparison-plan.js';
import type { RenderHooks } from '../../lib/renderings/fill-journals.js';
import { openRenderedVideo, type RenderedVideo } from '../../lib/renderings/rendered-video.js';
import { planRendering, type Rendering } from '../../lib/renderings/rendering.js';
import type { Frame } from '../../lib/tensor/frame.js';
import { finetune } from '../../lib/training/finetune/finetune.js';
import type { StudyCase } from './cases.js';
import { cpuSeconds } from './cpu-seconds.js';
import type { Base, Method, TrainingVariant, Variant } from './methods.js';

/** Settings of the renderings. */
export interface RenderingsOptions extends RenderHooks {
  /** Frames of each shot. */
  readonly frames: number;
  /** Strengths of each base; without any, nothing is trained for it. */
  readonly strengths: Readonly<Record<Base, readonly number[]>>;
  /** Settings that override the demo's. */
  readonly plan?: Partial<Pick<RecipePlan, 'proposals' | 'steps'>>;
  readonly training?: Training;
  /** Folder of the rendered shots; `.cache` by default. */
  readonly cache?: string;
}

/** One rendering, and its cost a frame. */
export interface StyledVideo {
  readonly base: Base;
  /** The name of another way of finetuning, and of rendering. */
  readonly training: string | undefined;
  readonly variant: string | undefined;
  readonly strength: number;
  readonly frames: readonly Frame[];
  /** Passes of a network of one row: two a step under guidance. */
  readonly passes: number;
  /** Seconds of processor time. */
  readonly seconds: number;
}

/** The renderings of one case. */
export interface CaseRenderings {
  readonly source: readonly Frame[];
  /** Unknown for a real clip. */
  readonly truth: Truth | undefined;
  readonly styled: readonly StyledVideo[];
}

/** Renders what the methods need and the folder does not have, and reads it. */
export async function renderCase(
  model: Model,
  { prompts, open, trueEdits }: StudyCase,
  { folder, methods }: { readonly folder: string; readonly methods: readonly Method[] },
  options: RenderingsOptions,
): Promise<CaseRenderings> {
  const { frames, strengths, onProgress, signal } = options;
  const hooks = given({ onProgress, signal });
  const { path, truth } = await open(frames, options.cache);
  const known = trueEdits?.(frames);
  const training = { ...DEMO_TRAINING, ...options.training, heldAsidePrompts: [] };
  const trained = (['true', 'picked'] as const).filter(
    (base) => strengths[base].length > 0 && (base === 'picked' || known),
  );
  const arms = trained.map((base) => ({
    ...{ name: base, label: `${base} edit`, training, guidance: [DEMO_GUIDANCE.tuned] },
    edits: base === 'picked' ? base : known!,
  }));
  const plan: RecipePlan = { ...demoPlan({ prompts }, frames, arms), ...options.plan, ...hooks };
  const work = join(folder, 'work');
  await mkdir(work, { recursive: true });
  const video = await openSource(model, path, plan);
  /** Frames of a rendering that this process rendered. */
  let made = 0;
  const onFrame = (): void => {
    made++;
  };
  const expected = Object.values(strengths).flat().length;
  const rendered = await openRenderedVideo(model, video, { work, expected }, { ...hooks, onFrame });
  const opened: Model[] = [];
  try {
    const edit = await pickRecipeEdit(model, rendered, { out: folder, work }, plan);
    const styled: StyledVideo[] = [];
    const methodsOn = (base: Base): Method[] => methods.filter((method) => method.on.includes(base));
    const add = async (base: Base, own: Model, train?: TrainingVariant): Promise<void> => {
      const on = methodsOn(base).filter((method) => method.train?.name === train?.name);
      const variants = [...new Map(on.map(({ render }) => [render?.name, render])).values()];
      const all = strengths[base].flatMap((strength) => variants.map((variant) => ({ strength, variant, model: own })));
      for (const each of all) {
        const rendering = renderingOf(base, plan, { ...each, train });
        made = 0;
        const { seconds } = await cpuSeconds(() => rendered.render([rendering]));
        const frames: Frame[] = [];
        for await (const frame of rendered.rendering(rendering.name)) frames.push(frame);
        const cost = await storedCost(folder, rendering.name, made > 0 ? seconds / made : undefined);
        const { strength, variant } = each;
        styled.push({
          ...{ base, training: train?.name, variant: variant?.name, strength, frames },
          passes: passesOf(model, rendering),
          seconds: cost,
        });
      }
    };
    await add('plain', model);
    for (const { name, edits } of arms) {
      const learned = edits === 'picked' ? edit.edits : edits;
      const trainings = [...new Map(methodsOn(name).map(({ train }) => [train?.name, train])).values()];
      for (const train of trainings) {
        const tuned = await tunedModel(
          model,
          rendered,
          { folder: join(folder, 'finetune', named(name, train)), learned },
          { ...training, ...train?.options, ...hooks },
        );
        opened.push(tuned);
        await add(name, tuned, train);
      }
    }
    const source: Frame[] = [];
    for await (const frame of rendered.source()) source.push(frame);
    return { source, truth, styled };
  } finally {
    await rendered.close();
    for (const each of opened) await each.dispose();
  }
}

function renderingOf(
  base: Base,
  { steps, batch, prompts }: RecipePlan,
  {
    strength,
    train,
    variant,
    model,
  }: {
    readonly strength: number;
    readonly train: TrainingVariant | undefined;
    readonly variant: Variant | undefined;
    readonly model: Model;
  },
): Rendering {
  const guidanceScale = base === 'plain' ? DEMO_GUIDANCE.plain : DEMO_GUIDANCE.tuned;
  const name = named(base, train, variant, strength);
  return {
    ...{ model, name, label: name },
    options: { ...given({ steps, batch }), ...variant?.options, prompt: prompts[0], guidanceScale, strength },
  };
}

/** The name of a model's folder, or of a rendering. */
function named(base: Base, ...parts: readonly (TrainingVariant | Variant | number | undefined)[]): string {
  const names = parts.map((part) => (typeof part === 'object' ? part.name : part));
  return [base, ...names.filter((name) => name !== undefined)].join('-');
}

function passesOf(model: Model, rendering: Rendering): number {
  const { evaluations } = planRendering(model, rendering);
  return evaluations * (rendering.options.guidanceScale === 1 ? 1 : 2);
}

/** The finetuned model, trained where it is not there yet. */
async function tunedModel(
  model: Model,
  rendered: RenderedVideo,
  { folder, learned }: { readonly folder: string; readonly learned: readonly EditedFrame[] },
  training: Training & TrainingVariant['options'] & RenderHooks,
): Promise<Model> {
  const checkpoints = join(folder, 'checkpoints');
  if (existsSync(join(folder, 'result.json')) && !existsSync(checkpoints)) return loadModel(join(folder, 'model'));
  const result = await finetune(model, rendered.opened, {
    ...training,
    track: false,
    out: folder,
    resume: true,
    edits: learned,
    previewEvery: 0,
  });
  await rm(checkpoints, { recursive: true, force: true });
  return result.model();
}

/** The seconds a frame of a rendering when it was made: a later process only reads the rendering. */
async function storedCost(folder: string, name: string, seconds: number | undefined): Promise<number> {
  const path = join(folder, 'costs.json');
  const costs: Record<string, number> = existsSync(path) ? JSON.parse(await readFile(path, 'utf8')) : {};
  if (seconds === undefined) return costs[name] ?? Number.NaN;
  await writeFileAtomic(path, `${JSON.stringify({ ...costs, [name]: seconds }, null, 1)}\n`);
  return seconds;
}
