// The identity of a point: a hash of everything that determines its result bit by bit, with files by content. Points with
// equal hashes are the same, regardless of file names and sweeps.

import { sha256Json } from '../../base/hash.js';
import { VERSION } from '../../base/version.js';
import { readEdit } from '../../edits/sidecar.js';
import { hashControl } from '../../models/checkpoint/hash-model.js';
import { hashLora } from '../../models/lora/source.js';
import type { Model } from '../../models/model.js';
import { embeddingFile } from '../../models/text/textual-inversion.js';
import { storedNames } from '../../settings/stored.js';
import { MASKED } from '../../settings/table.js';
import { trainedSize } from '../../video/read/open-for-model.js';
import { type PointSettings, SETTING_NAMES, type StoredSettingName } from '../file/point-settings.js';
import type { ContentHasher } from './content-hash.js';

const { mask, negativeMask } = MASKED;
const MASK_FILES = storedNames({ mask, negativeMask });

/** A point with its identity and those of its shared work. */
export interface IdentifiedPoint {
  /** SHA-256 of `identity`. */
  readonly id: string;
  /** Everything that determines the result bit by bit, files as hashes. */
  readonly identity: Readonly<Record<string, unknown>>;
  /** The settings, with resolved device, engine and edits; paths are absolute. */
  readonly settings: PointSettings;
  /** Identity of the encoded frames: equal for points with the same pictures and autoencoder. */
  readonly sourceId: string;
  /** Identity of the training without its length; absent if nothing is trained. */
  readonly trainingId?: string;
}

/**
 * Resolves the device, the engine, the size and the frames of edits, and hashes the files of the settings.
 *
 * @param model the model of the settings, before training
 * @throws UsageError for a file that is missing or invalid
 */
export async function identifyPoint(
  given: PointSettings,
  {
    device,
    engine,
    runsOn,
    config,
    checkpoint: { files },
    embeddings: learned,
    controls,
  }: Pick<Model, 'device' | 'engine' | 'runsOn' | 'config' | 'checkpoint' | 'embeddings' | 'controls'>,
  hasher: ContentHasher,
): Promise<IdentifiedPoint> {
  const base = {
    version: VERSION,
    device: runsOn,
    model: (await Promise.all(files.map(hasher.hash))).sort(),
    ...(given.prediction !== undefined && { prediction: config.predictionType }),
  };
  const loras = [];
  for (const lora of given.loras ?? []) {
    const { file, scale = 1 } = typeof lora === 'string' ? { file: lora } : lora;
    loras.push({ sha256: await hashLora(file, hasher.hash), scale });
  }
  const embeddings = [];
  for (const { file, word } of learned) {
    embeddings.push({ sha256: await hasher.hash(embeddingFile(file)), word });
  }
  const text = {
    ...(embeddings.length > 0 && { embeddings }),
    ...(given.clip_skip !== undefined && { clip_skip: given.clip_skip }),
  };
  const edits: { file: string; frame: number; prompt: string; sha256: string }[] = [];
  for (const edit of given.edits ?? []) {
    const { file, ...overrides } = typeof edit === 'string' ? { file: edit } : edit;
    const { frame, prompt } = await readEdit(file, overrides);
    edits.push({ file, frame, prompt, sha256: await hasher.hash(file) });
  }
  const settings: PointSettings = {
    ...given,
    size: given.size ?? trainedSize(config),
    device,
    ...(engine !== 'onnx' && { engine }),
    ...(given.edits && { edits: edits.map(({ file, frame, prompt }) => ({ file, frame, prompt })) }),
  };
  const chosen = (
    names: readonly StoredSettingName[],
    without: readonly StoredSettingName[] = [],
  ): Record<string, unknown> =>
    Object.fromEntries(
      names
        .filter((name) => !without.includes(name) && settings[name] !== undefined)
        .map((name) => [name, settings[name]]),
    );
  const source = { ...chosen(SETTING_NAMES.source), video: await hasher.hash(given.video) };
  const training = given.method === 'finetune' && {
    ...chosen(SETTING_NAMES.finetune, ['iterations']),
    edits: edits.map(({ frame, prompt, sha256 }) => ({ frame, prompt, sha256 })),
  };
  const identity = {
    ...base,
    method: given.method,
    source,
    loras,
    ...text,
    ...(controls.length > 0 && { controls: await Promise.all(controls.map((one) => hashControl(one, hasher.hash))) }),
    render: await hashedMasks(chosen(SETTING_NAMES.render), hasher),
    ...(training && { training, iterations: settings.iterations }),
  };
  return {
    id: sha256Json(identity),
    identity,
    settings,
    sourceId: sha256Json({ ...base, source }),
    ...(training && { trainingId: sha256Json({ ...base, source, loras, ...text, training }) }),
  };
}

/** Settings by stored names, whose masks are named by their content. */
async function hashedMasks(
  settings: Readonly<Record<string, unknown>>,
  { hash }: ContentHasher,
): Promise<Record<string, unknown>> {
  const files = Object.entries(settings).filter(([name]) => MASK_FILES.includes(name));
  const hashed = files.map(async ([name, path]) => [name, await hash(path as string)]);
  return { ...settings, ...Object.fromEntries(await Promise.all(hashed)) };
}
