// Chooses the files of a repository that a Stable Diffusion checkpoint needs, or a single network (a ControlNet, an
// autoencoder): a repository may have five times as much, in other precisions and formats.

import { UsageError } from '../../base/errors.js';
import type { HubFile } from './hub-client.js';
import { type HubName, hubNameText, isInside } from './hub-name.js';

/** The chosen files, and the alternatives. */
export interface ChosenFiles {
  readonly files: readonly HubFile[];
  /** The variant of the weights, such as `fp16`; '' if their names have none. */
  readonly variant: string;
  /** Complete variants that were not chosen. */
  readonly others: readonly string[];
}

/** Weights by the folder of their network, which is the repository itself where it holds one. */
const WEIGHTS =
  /^(?:(unet|vae|text_encoder)\/)?(?:diffusion_pytorch_model|model|pytorch_model)(?:\.([\w-]+?))?(-\d{5}-of-\d{5})?\.safetensors$/;
const INDEX = /^(?:(unet|vae|text_encoder)\/)?\w+(?:\.([\w-]+))?\.safetensors\.index(?:\.([\w-]+))?\.json$/;
const CONFIGURATION =
  /^(model_index\.json|(unet|vae|text_encoder)\/config\.json|scheduler\/scheduler_config\.json|tokenizer\/[\w.-]+\.(json|txt))$/;
/** A checkpoint's networks, and the only one of a repository that holds one. */
const PARTS = ['unet', 'vae', 'text_encoder'];
const ONLY_PART = [''];

/**
 * The files of a diffusers checkpoint or of a single network, or the file that the name gives.
 *
 * Without `variant`, weights without a variant in their name are chosen, which usually have full precision; if there are
 * only variants, fp16 or else the first.
 *
 * @throws UsageError when the file, the variant or a complete checkpoint is missing, naming the existing ones
 */
export function chooseFiles(name: HubName, listed: readonly HubFile[], variant?: string): ChosenFiles {
  const all = listed.filter(({ path }) => isInside(path));
  const wanted = hubNameText(name);
  if (name.file !== undefined) {
    const file = all.find(({ path }) => path === name.file);
    if (file) return { files: [file], variant: '', others: [] };
    throw new UsageError(`${wanted}: the repository has no such file; it has ${someNames(all)}`);
  }
  const isThere = (file: string): boolean => all.some(({ path }) => path === file);
  const isCheckpoint = isThere('model_index.json');
  const isNetwork = isThere('config.json') && all.some(({ path }) => weightsOf(path)?.part === '');
  if (!isCheckpoint && !isNetwork) {
    const single = all.filter(({ path }) => /^[^/]+\.safetensors$/.test(path));
    const remedy =
      single.length > 0
        ? `fetch one of its files, such as \`steadyframe pull ${wanted}/${single[0].path}\``
        : 'choose another';
    throw new UsageError(
      `${wanted}: the repository holds no diffusers checkpoint (model_index.json) and no single network (config.json) but ${someNames(all)}; ${remedy}`,
    );
  }
  const parts = isCheckpoint ? PARTS : ONLY_PART;
  const configuration = isCheckpoint ? CONFIGURATION : /^config\.json$/;
  const has = (part: string, variant: string): boolean => all.some(({ path }) => isWeight(path, part, variant));
  // Parts that lack the variant are chosen without one, as in diffusers: `non_ema` exists only for the UNet.
  const variants = [...new Set(all.flatMap(({ path }) => weightsOf(path)?.variant ?? []))].filter((each) =>
    parts.every((part) => has(part, each) || has(part, '')),
  );
  const chosen = variant ?? ['', 'fp16', ...variants].find((each) => variants.includes(each));
  if (chosen === undefined || !variants.includes(chosen)) {
    const there = variants.map((each) => each || 'the one without a name').join(', ');
    throw new UsageError(
      variants.length === 0
        ? `${wanted}: its weights are not there as safetensors, or not all of them; use a repository that has them`
        : `${wanted}: there is no variant '${variant}' of its weights; there is ${there}`,
    );
  }
  const weights = (path: string): boolean =>
    parts.some((part) => isWeight(path, part, has(part, chosen) ? chosen : ''));
  const files = all.filter(({ path }) => configuration.test(path) || weights(path));
  return { files, variant: chosen, others: variants.filter((each) => each !== chosen) };
}

function weightsOf(path: string): { part: string; variant: string } | undefined {
  const whole = WEIGHTS.exec(path);
  if (whole) return { part: whole[1] ?? '', variant: whole[2] ?? '' };
  const index = INDEX.exec(path);
  return index ? { part: index[1] ?? '', variant: index[2] ?? index[3] ?? '' } : undefined;
}

function isWeight(path: string, part: string, variant: string): boolean {
  const found = weightsOf(path);
  return found?.part === part && found.variant === variant;
}

function someNames(files: readonly HubFile[]): string {
  const names = files.map(({ path }) => path);
  if (names.length === 0) return 'nothing';
  return names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}
