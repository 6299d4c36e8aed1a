// The paths in settings: of files that they name alone, in lists, or among other keys.

import type { GivenSettings } from './point-settings.js';
import { PATH_SETTINGS } from './setting-rows.js';

/** What a path leads to: a model may be a name that is looked up. */
export type PathKind = 'model' | 'control' | 'file';

/** Settings whose paths lead to models. */
const MODELS = ['model', 'config', 'vae'];

/** The value of a setting with its paths replaced; entries of lists become keys with `file`. */
export function mapPaths(name: string, value: unknown, map: (path: string, kind: PathKind) => string): unknown {
  if (value === undefined) return value;
  if (MODELS.includes(name)) return map(value as string, 'model');
  if (PATH_SETTINGS.some((path) => path === name)) return map(value as string, 'file');
  if (name === 'controls') {
    return (value as NonNullable<GivenSettings['controls']>).map(({ path, map: seen, ...how }) => ({
      ...how,
      path: map(path, 'control'),
      ...(seen !== undefined && { map: map(seen, 'file') }),
    }));
  }
  if (name !== 'loras' && name !== 'embeddings' && name !== 'edits') return value;
  const listed = value as NonNullable<GivenSettings['loras'] | GivenSettings['embeddings'] | GivenSettings['edits']>;
  return listed.map((each) =>
    typeof each === 'string' ? { file: map(each, 'file') } : { ...each, file: map(each.file, 'file') },
  );
}
