// The prediction stated by a single file: in a file beside it, in marker tensors, or in its metadata. Published 1.x
// checkpoints state nothing and predict epsilon.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { UsageError } from '../../base/errors.js';
import { yaml } from '../../base/yaml.js';
import type { SchedulerConfig } from './config.js';
import type { Json } from './fields.js';

/**
 * A prediction; `v_prediction` is diffusers' name of `v`.
 *
 * @inline
 */
export type PredictionName = 'epsilon' | 'v' | 'v_prediction';

/** Larger than any configuration of a model. */
const YAML_LIMIT = 1 << 20;

/**
 * The name of a prediction in configurations.
 *
 * @throws UsageError when there is no such prediction; `where` names the source of the statement
 */
export function predictionType(name: string, where: string): SchedulerConfig['predictionType'] {
  if (/^(epsilon|eps)$/i.test(name)) return 'epsilon';
  if (/^v([_-]?prediction)?$/i.test(name)) return 'v_prediction';
  throw new UsageError(`${where}: prediction is ${JSON.stringify(name.slice(0, 40))}; expected epsilon or v`);
}

/** A schedule with another prediction; zero terminal SNR makes sense only for v, where it is kept or added. */
export function withPrediction(
  schedule: SchedulerConfig,
  predictionType: SchedulerConfig['predictionType'],
  zeroSnr = schedule.rescaleZeroSnr ?? false,
): SchedulerConfig {
  const { rescaleZeroSnr: _, ...rest } = schedule;
  const isZero = zeroSnr && predictionType === 'v_prediction';
  // Checkpoints written with trained weights state the same.
  const raw = { ...schedule.raw, prediction_type: predictionType, ...(zeroSnr && { rescale_betas_zero_snr: isZero }) };
  return { ...rest, predictionType, ...(isZero && { rescaleZeroSnr: true }), raw };
}

/**
 * The statement of a single file: its prediction, whether its last timestep is pure noise, and the file with the statement.
 */
export interface StatedPrediction {
  readonly predictionType?: SchedulerConfig['predictionType'];
  readonly zeroSnr: boolean;
  readonly files: readonly string[];
}

/**
 * The statement of a file, in order of precedence: the caller's, `parameterization` in a yaml of the same name (as
 * CompVis and AUTOMATIC1111 have it), the marks `v_pred` and `ztsnr` (as ComfyUI has them), `modelspec.prediction_type` in
 * the metadata.
 *
 * @throws UsageError when the yaml cannot be read or one of them names another prediction
 */
export function statedPrediction(
  path: string,
  names: Iterable<string>,
  metadata: Readonly<Record<string, string>>,
  given?: string,
): StatedPrediction {
  const marks = new Set([...names].filter((name) => /^(v_pred|ztsnr)$/.test(name)));
  const zeroSnr = marks.has('ztsnr');
  if (given !== undefined)
    return { predictionType: predictionType(given, 'the option prediction'), zeroSnr, files: [] };
  const beside = yamlBeside(path);
  if (beside) return { ...beside, zeroSnr, files: [beside.file] };
  if (marks.size > 0) return { predictionType: 'v_prediction', zeroSnr, files: [] };
  const stated = metadata['modelspec.prediction_type'];
  if (stated === undefined) return { zeroSnr, files: [] };
  return { predictionType: predictionType(stated, `${path}: modelspec.prediction_type`), zeroSnr, files: [] };
}

function yamlBeside(path: string): { predictionType: SchedulerConfig['predictionType']; file: string } | undefined {
  const stem = path.replace(/\.safetensors$/i, '');
  const file = ['.yaml', '.yml'].map((ending) => `${stem}${ending}`).find((name) => name !== path && existsSync(name));
  if (file === undefined || !statSync(file).isFile()) return undefined;
  const unreadable = (why: string) =>
    new UsageError(
      `${file}: stands beside the checkpoint and ${why}; correct or remove it, or say what the model predicts (prediction)`,
    );
  if (statSync(file).size > YAML_LIMIT) throw unreadable('is too large for a configuration');
  let content: unknown;
  try {
    content = yaml().parse(readFileSync(file, 'utf8'), { maxAliasCount: 100, logLevel: 'error' });
  } catch (error) {
    throw unreadable(`is not YAML (${(error as Error).message.split('\n')[0]})`);
  }
  const at = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Json)[key] : undefined;
  const stated = at(at(at(content, 'model'), 'params'), 'parameterization');
  if (stated === undefined) return undefined;
  return { predictionType: predictionType(String(stated), `${file}: parameterization`), file };
}
