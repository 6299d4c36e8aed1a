// `steadyframe finetune`: finetunes a model on a video and on edited frames of it.

import { resolve } from 'node:path';
import { NonFiniteError, UsageError } from '../../lib/base/errors.js';
import { given } from '../../lib/base/given.js';
import type { Model } from '../../lib/models/model.js';
import { givenSettings } from '../../lib/settings/defaults.js';
import { COURSE, SELECTION, TRAINING } from '../../lib/settings/table.js';
import { finetune } from '../../lib/training/finetune/finetune.js';
import { storedIterations } from '../../lib/training/finetune/folder.js';
import type { FinetuneOptions } from '../../lib/training/finetune/options.js';
import type { Preview } from '../../lib/training/finetune/preview.js';
import { recentLoss } from '../../lib/training/finetune/recent-loss.js';
import type { FinetuneResult } from '../../lib/training/finetune/result.js';
import { type TrainedFiles, trainedSource } from '../../lib/training/finetune/trained-source.js';
import { openForModel } from '../../lib/video/read/open-for-model.js';
import type { Video } from '../../lib/video/read/video.js';
import { shotName } from '../../lib/video/shot-name.js';
import type { FinetuneValues } from '../commands/finetune.js';
import { type Context, resumeCommand, shellCommand } from '../context.js';
import { appliedArguments, checkpointArguments, checkpointOptions } from '../model-options.js';
import { sizeArguments, trackingSettings } from '../render-options.js';
import { formatNumber, formatPlural, formatTable } from '../table.js';
import { chosenEdits, readEdits } from './read-edits.js';
import { withModel } from './with-model.js';

const { previewFrames: _previewFrames, ...INTERVALS } = COURSE;

export async function run(context: Context, path: string, values: FinetuneValues): Promise<void> {
  const { terminal, warn } = context;
  if (values.quiet) context.quieten();
  const options = libraryOptions(values);
  const chosen = chosenEdits(values);
  await withModel(values, context, async (model) => {
    const video = await openForModel(model, path, {
      ...givenSettings(SELECTION, values),
      signal: terminal.signal,
      onWarning: warn,
    });
    const edits = await readEdits(chosen, video, values.start);
    let out: string | undefined;
    const onFolder = (folder: string): void => {
      out = folder;
      context.reporter.note(`steadyframe: writing into ${folder}`);
    };
    try {
      const own = { ...trackingSettings(values, context), name: shotName(path), onFolder };
      const place = values.out === undefined ? {} : { out: resolve(values.out) };
      const { result, previews } = await trained(model, video, { ...options, ...own, ...place, edits }, context);
      context.reporter.close();
      const weights = { kind: result.kind, weights: result.result };
      const next = renderCommand(path, values, weights, edits[0]?.prompt ?? '');
      terminal.out(
        values.json
          ? `${JSON.stringify({ ...result, previews, render: next }, null, 1)}\n`
          : resultText(result, previews, next),
      );
    } catch (error) {
      const stored = out === undefined ? [] : await storedIterations(out);
      const canContinue = !(error instanceof UsageError) && !(error instanceof NonFiniteError);
      if (canContinue && stored.length > 0) {
        context.remedy = `Checkpoints up to iteration ${stored.at(-1)} are kept in ${out}; continue with:\n  ${resumeCommand(context.args)}`;
      }
      throw error;
    }
  });
}

/** The library's options, from the values of the flags. */
function libraryOptions(values: FinetuneValues): Omit<FinetuneOptions, 'edits'> {
  const { train, resume, priorPrompt: priorPrompts, previewFrom, previewPrompt, previewFrames } = values;
  const lora = (['rank', 'alpha', 'layers'] as const).find((name) => values[name] !== undefined);
  if (train !== 'lora' && lora !== undefined) {
    throw new UsageError(`--lora-${lora} belongs to --train lora; leave it out, or do not use --train ${train}`);
  }
  return {
    ...givenSettings({ ...TRAINING, ...INTERVALS }, values),
    ...given({ priorPrompts, resume }),
    preview: given({
      frames: previewFrames,
      from: previewFrom,
      prompt: previewPrompt,
      strength: values.previewStrength,
      guidanceScale: values.previewGuidanceScale,
      steps: values.previewSteps,
      sampler: values.previewSampler,
    }),
  };
}

type Seen = Preview & { forgetting?: number };

/** Runs the training, and reports each preview when it is rendered. */
async function trained(
  model: Model,
  video: Video,
  options: FinetuneOptions,
  context: Context,
): Promise<{ result: FinetuneResult; previews: Seen[] }> {
  const previews: Seen[] = [];
  const tell = (preview: Seen): void => {
    previews.push(preview);
    const { edit_strength, flicker_ratio } = preview.metrics;
    const numbers = `edit strength ${formatNumber(edit_strength)}, flicker ${formatNumber(flicker_ratio)}`;
    context.reporter.note(`steadyframe: preview at iteration ${preview.iteration}: ${numbers}, ${preview.sheet}`);
  };
  const result = await finetune(model, video, {
    ...options,
    onStep({ before, preview, forgetting }) {
      if (before) tell(before);
      if (preview) tell({ ...preview, ...given({ forgetting }) });
    },
    onProgress: context.reporter.report,
    onWarning: context.warn,
    signal: context.terminal.signal,
  });
  return { result, previews };
}

/** The command that renders the video with the finetuned model. */
function renderCommand(path: string, values: FinetuneValues, trained: TrainedFiles, prompt: string): string {
  const { model, loras, embeddings, controls, clipSkip } = values;
  const base = { path: model, options: given({ loras, embeddings, controls, clipSkip, ...checkpointOptions(values) }) };
  const { path: weights, options } = trainedSource(trained, base);
  const opened = [...appliedArguments(options), ...checkpointArguments(options)];
  const args = ['sweep', path, '--model', weights, ...opened, ...sizeArguments(values)];
  return shellCommand([...args, '--prompt', prompt, '--strengths', String(values.previewStrength)]);
}

function resultText(result: FinetuneResult, previews: readonly Seen[], next: string): string {
  const { iterations, items, kind, losses, forgetting } = result;
  const edited = items.filter((item) => item.edited).length;
  const recent = recentLoss(losses);
  const rows = previews.map(({ iteration, metrics, forgetting: lost }) => [
    String(iteration),
    formatNumber(metrics.edit_strength),
    formatNumber(metrics.flicker_ratio),
    formatNumber(metrics.warping_error),
    formatNumber(metrics.warping_error_normalised),
    formatNumber(lost),
  ]);
  const headings = ['preview at', 'edit strength', 'flicker', 'warping error', 'per variance', 'forgetting'];
  return [
    rows.length > 0 ? `${formatTable(headings, rows)}\n` : '',
    `${formatPlural(iterations, 'iteration')} over ${formatPlural(items.length, 'item')}, ${edited} of them edited; `,
    `mean loss of the last ${recent.iterations}: ${formatNumber(recent.mean)}`,
    forgetting.length > 0 ? `; forgetting ${formatNumber(forgetting.at(-1)?.value)}\n` : '\n',
    `${kind === 'lora' ? 'LoRA file' : 'model'}: ${result.result}\nall: ${result.out}\nrender with it:\n  ${next}\n`,
  ].join('');
}
