// The points of a sweep: every combination of a grid in a stable order, or the draws of a random search. Reads no files.

import { UsageError } from '../../base/errors.js';
import { canonicalJson } from '../../base/hash.js';
import { describeControl } from '../../models/checkpoint/hash-model.js';
import type { ControlRequest } from '../../models/controls/controls.js';
import { drawValue, gridValues, type Parameter } from './distribution.js';
import {
  type GivenSettings,
  type PointSettings,
  pointSettings,
  SETTING_SCHEMAS,
  type StoredSettingName,
  TOP_SETTINGS,
} from './point-settings.js';
import { PATH_SETTINGS } from './setting-rows.js';
import { numberKind, type Sweep } from './sweep-schema.js';

/** Maximum number of points. */
const MOST = 100_000;

/** A random search over few values ends after this number of successive draws without a new point. */
const FRUITLESS_DRAWS = 1000;

/**
 * The points, each once. In a grid, the last parameter of the file varies fastest. A random search with more points begins
 * with the points of a smaller one.
 *
 * @throws UsageError for a grid that is too large, or a drawn value that is invalid for its setting
 */
export function sweepPoints(sweep: Sweep): PointSettings[] {
  const fixed = Object.fromEntries(TOP_SETTINGS.map((name) => [name, sweep[name]])) as GivenSettings;
  const parameters = Object.entries(sweep.parameters) as [StoredSettingName, Parameter][];
  const { run_cap = Infinity } = sweep;
  const found = new Map<string, PointSettings>();
  /** Adds a point and returns whether it is new. */
  const add = (chosen: GivenSettings): boolean => {
    const point = pointSettings({ ...fixed, ...chosen });
    const key = canonicalJson(point);
    const isNew = !found.has(key);
    if (isNew) found.set(key, point);
    return isNew;
  };
  if (sweep.method === 'grid') {
    for (const chosen of combinations(parameters)) {
      if (found.size >= run_cap) break;
      add(chosen);
    }
  } else {
    const seed = sweep.seed ?? 0;
    for (let draw = 0, fruitless = 0; found.size < run_cap && fruitless < FRUITLESS_DRAWS; draw++) {
      const drawn = parameters.map(([name, parameter]) => [
        name,
        drawChecked(name, parameter, `${seed} ${name} ${draw}`),
      ]);
      fruitless = add(Object.fromEntries(drawn)) ? 0 : fruitless + 1;
    }
  }
  return [...found.values()];
}

/** Names of the settings in which the points differ, in the order of the table. */
export function varyingSettings(points: readonly PointSettings[]): StoredSettingName[] {
  return (Object.keys(SETTING_SCHEMAS) as StoredSettingName[]).filter(
    (name) => new Set(points.map((point) => canonicalJson(point[name] ?? null))).size > 1,
  );
}

/** A text for a point: its varying settings. */
export function pointLabel(point: PointSettings, varying: readonly StoredSettingName[]): string {
  const parts = varying
    .filter((name) => point[name] !== undefined)
    .map((name) => `${name.replaceAll('_', ' ')} ${settingText(name, point[name])}`);
  return parts.join(', ') || 'the only point';
}

/** A setting's value as text: files by their names, numbers with few digits. */
export function settingText(name: StoredSettingName, value: unknown): string {
  if (value === undefined) return '-';
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  if (PATH_SETTINGS.includes(name)) return String(value).split(/[\\/]/).at(-1)!;
  if (name === 'controls') return (value as readonly ControlRequest[]).map(describeControl).join('+') || 'none';
  if (Array.isArray(value)) {
    const texts = value.map((each) =>
      typeof each === 'object' ? String(each.file).split(/[\\/]/).at(-1) : String(each),
    );
    return texts.join('+') || 'none';
  }
  return String(value);
}

function* combinations(parameters: readonly [StoredSettingName, Parameter][]): Generator<GivenSettings> {
  const axes = parameters.map(
    ([name, given]) => [name, gridValues(given, numberKind(name) === 'whole') ?? []] as const,
  );
  const empty = axes.find(([, values]) => values.length === 0);
  if (empty) throw new UsageError(`parameters.${empty[0]} has no multiple of q between min and max; give a smaller q`);
  const count = axes.reduce((product, [, values]) => product * values.length, 1);
  if (count > MOST) {
    throw new UsageError(`the grid has ${count} points; give fewer values, or use method: random with run_cap`);
  }
  for (let index = 0; index < count; index++) {
    const chosen: Record<string, unknown> = {};
    let rest = index;
    for (const [name, values] of [...axes].reverse()) {
      chosen[name] = values[rest % values.length];
      rest = Math.floor(rest / values.length);
    }
    yield chosen as GivenSettings;
  }
}

function drawChecked(name: StoredSettingName, parameter: Parameter, key: string): unknown {
  const value = drawValue(parameter, numberKind(name) === 'whole', key);
  const checked = SETTING_SCHEMAS[name].safeParse(value);
  if (checked.success) return value;
  const { message } = checked.error.issues[0];
  throw new UsageError(
    `parameters.${name}: ${value} was drawn, which ${name} cannot be (${message.toLowerCase()}); use a distribution with bounds`,
  );
}
