// Logs a comparison as a run, and each of its renderings as a child run, so that renderings can be found, filtered and
// compared individually. Settings are named as in sweep files.

import { basename, join, resolve } from 'node:path';
import { sha256Json } from '../base/hash.js';
import type { Settings } from '../base/settings.js';
import type { DenoiseOptions } from '../diffusion/img2img.js';
import type { Measurement } from '../metrics/measurement.js';
import { type ModelHashes, modelInputs, modelParameters } from '../models/checkpoint/hash-model.js';
import type { Model } from '../models/model.js';
import { identifyingSettings, identifyingSteadiness, storedSettings } from '../settings/stored.js';
import { DENOISE, OWN, SELECTION, STEADIED } from '../settings/table.js';
import { continueChild } from '../tracking/log/continue-run.js';
import { definedMetrics } from '../tracking/log/defined-metrics.js';
import type { Run } from '../tracking/log/run.js';
import { givenOptions, type TrackedWork, type WorkOptions } from '../tracking/log/tracked-work.js';
import type { RunInput } from '../tracking/stored/run-record.js';
import { sizeText } from '../video/geometry.js';
import { renderSize } from '../video/read/open-for-model.js';
import { isStored, pathOf, type RepeatableVideo } from '../video/read/video.js';
import { shotName } from '../video/shot-name.js';
import type { Compared, ComparisonOptions, ComparisonResult } from './comparison-options.js';
import { denoisingLabel } from './render-latents.js';
import type { Rendering } from './rendering.js';

/** Options of a comparison's run. */
export function comparisonRun(
  model: Model,
  { kind, video, renderings }: Pick<Compared, 'kind' | 'video' | 'renderings'>,
  settings: Settings,
  options: ComparisonOptions,
): WorkOptions {
  const key = sha256Json(settings);
  return {
    ...options,
    experiment: kind,
    name: `${shotName(pathOf(video))}-${key.slice(0, 8)}`,
    key,
    parameters: merged(renderings.map((rendering) => renderingParameters(model, pathOf(video), rendering, options))),
    given: { video: pathOf(video), model: model.path, ...givenOptions(options) },
    inputs: comparisonInputs(model, video, settings),
    device: model.runsOn,
  };
}

/** The video, the model and its low-rank updates, with their hashes from the settings of a comparison. */
export function comparisonInputs(model: Model, video: RepeatableVideo, settings: Settings): RunInput[] {
  const { video: sha256, ...hashes } = settings as unknown as { video: string } & ModelHashes;
  const path = pathOf(video);
  const about = {
    kind: 'video' as const,
    name: basename(path),
    sha256,
    ...(isStored(video) && { path: resolve(path) }),
  };
  return [about, ...modelInputs(model, hashes)];
}

/** The given settings of a rendering with a model, by their stored names. */
export function denoiseParameters(
  model: Model,
  video: string,
  selection: Partial<ComparisonOptions>,
  options: DenoiseOptions & { readonly noiseDraw?: number },
): Record<string, unknown> {
  const asked = renderSize(model, selection.size);
  const size = typeof asked === 'number' ? asked : sizeText(asked);
  return {
    video: basename(video),
    ...storedSettings(SELECTION, { ...selection, size }),
    crop: selection.crop,
    ...modelParameters(model),
    ...storedSettings(DENOISE, identifyingSettings(DENOISE, options)),
  };
}

/** The settings of one rendering of a video. */
export function renderingParameters(
  model: Model,
  video: string,
  { options }: Rendering,
  selection: Partial<ComparisonOptions>,
): Record<string, unknown> {
  return {
    method: 'img2img',
    ...denoiseParameters(model, video, selection, options),
    ...storedSettings(OWN, identifyingSettings(OWN, options)),
    ...storedSettings(STEADIED, identifyingSteadiness({ ...options, controls: model.controls })),
  };
}

/** The settings of several renderings in one object; settings that differ become lists. */
function merged(all: readonly Record<string, unknown>[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(all[0] ?? {}).map((name) => {
      const values = [...new Set(all.map((each) => each[name]))];
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

/** Logs the number of rendered frames to a run, from which the dashboard shows its progress. */
export function frameCounter(run: Run): (done: number, total: number) => void {
  let isTold = false;
  return (done, total) => {
    if (!isTold) void run.logParams({ frames_to_render: total }).catch(() => {}); // a full disk is reported at the end
    isTold = true;
    run.logMetrics({ frames_rendered: done }, { step: done });
  };
}

/** A rendering to log as a child of a run. */
export interface LoggedRendering {
  readonly name: string;
  readonly parameters: Record<string, unknown>;
  readonly device: string;
  /** The label under which its progress was logged. */
  readonly label?: string | undefined;
  readonly measurement: Pick<Measurement, 'means'> & Partial<Measurement>;
  /** Additional metrics. */
  readonly metrics?: Readonly<Record<string, number | null>>;
  /** Absolute path. */
  readonly video: string;
}

/** Logs metrics per frame (`per_frame.*`). */
export function logCurves(run: Run, curves: Partial<Measurement['curves']>): void {
  for (const [metric, curve] of Object.entries(curves)) {
    for (const [frame, value] of curve.entries()) {
      run.logMetrics(definedMetrics({ [`per_frame.${metric}`]: value }), { step: frame });
    }
  }
}

/** Logs a rendering: its settings, its metrics, also per frame if given (`per_frame.*`), and its video. */
export async function logRendering(
  { run, resumed }: Pick<TrackedWork<unknown>, 'run' | 'resumed'>,
  rendering: LoggedRendering,
): Promise<void> {
  const { name, label = '', parameters, device, measurement, metrics = {}, video } = rendering;
  // It is recorded when all is done; its work was a stage of the whole.
  const stage = run.stages.find((each) => each.name === denoisingLabel(label));
  const began = stage && { began: new Date(stage.start).toISOString() };
  const part = await continueChild(run, { name, parameters, device, inputs: run.record.inputs, ...began }, resumed);
  if (part === undefined) return;
  part.logMetrics(definedMetrics({ ...measurement.means, ...metrics }), { step: 0 });
  logCurves(part, measurement.curves ?? {});
  await part.logArtifact(video);
  await part.finish('finished', stage?.end === undefined ? {} : { end: new Date(stage.end).toISOString() });
}

/** The logged parts of a comparison; `outputs` are the measurements with their curves, if they were just computed. */
export interface LoggedComparison {
  readonly result: ComparisonResult;
  readonly renderings: readonly Rendering[];
  readonly outputs?: Readonly<Record<string, Measurement>>;
}

/** Logs the results of a comparison. */
export async function logComparison(
  tracked: Pick<TrackedWork<unknown>, 'run' | 'resumed'>,
  model: Model,
  { result, renderings, outputs = {} }: LoggedComparison,
  options: ComparisonOptions,
): Promise<void> {
  const { run } = tracked;
  if (!run.tracked) return;
  run.logMetrics(
    { ...definedMetrics(result.source, 'source.'), ...definedMetrics(result.roundTrip, 'round_trip.') },
    { step: 0 },
  );
  for (const file of [result.grid, result.roundTripVideo, result.curves, join(result.out, 'result.json')])
    await run.logArtifact(file);
  for (const [i, rendering] of renderings.entries()) {
    const { video, metrics } = result.cells[i];
    await logRendering(tracked, {
      ...{ name: rendering.name, label: rendering.label, device: model.runsOn, video },
      parameters: renderingParameters(model, result.video, rendering, options),
      measurement: outputs[rendering.name] ?? { means: metrics },
    });
  }
}
