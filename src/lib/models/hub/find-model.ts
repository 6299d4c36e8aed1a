// Resolves the name of a model: a path, the bundled demo model, or a downloaded model of the Hugging Face Hub.

import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { packageFile } from '../../base/package-file.js';
import { findSnapshot, hubCache } from './hub-cache.js';
import { type HubName, hubNameText, parseHubName } from './hub-name.js';

/** The name of the bundled model. */
export const DEMO_MODEL = 'demo';

/** The folder of the bundled model. */
export function demoModelFolder(): string {
  return packageFile('models/demo');
}

/**
 * The path of a model, or of a network for one: an existing path itself, the demo model for `demo`, and the folder in the Hugging
 * Face cache for `OWNER/NAME`, `OWNER/NAME/file` or `OWNER/NAME@REVISION`. Other names are returned unchanged.
 *
 * @param folder base of relative paths; the working directory by default
 * @throws UsageError with the command that downloads it, for a model of the hub that is not in the cache
 */
export function findModel(name: string, folder = ''): string {
  const path = folder === '' ? name : resolve(folder, name);
  if (existsSync(path)) return path;
  if (name === DEMO_MODEL) return demoModelFolder();
  const hubName = parseHubName(name);
  return hubName ? findCached(hubName) : path;
}

/** The path of a ControlNet: as `findModel`, and for `demo` the demo model's, which follows edges. */
export function findControl(name: string, folder = ''): string {
  const path = findModel(name, folder);
  return path === demoModelFolder() ? join(path, 'controlnet-edges') : path;
}

function findCached(name: HubName): string {
  const { repo, file } = name;
  const snapshot = findSnapshot(name);
  const wanted = hubNameText(name);
  const pull = `\`steadyframe pull ${wanted}\``;
  if (snapshot === undefined) {
    throw new UsageError(
      `${wanted}: there is no such file or folder, and no model of that name in the Hugging Face cache (${hubCache()}); ${pull} fetches it`,
    );
  }
  if (file !== undefined) {
    const path = join(snapshot, file);
    if (existsSync(path)) return path;
    throw new UsageError(`${wanted}: the Hugging Face cache has ${repo} without this file; ${pull} fetches it`);
  }
  if (existsSync(join(snapshot, 'model_index.json'))) return snapshot;
  const single = readdirSync(snapshot).filter((entry) => entry.endsWith('.safetensors'));
  const isNetwork = single.some((entry) => entry.startsWith('diffusion_pytorch_model'));
  if (isNetwork && existsSync(join(snapshot, 'config.json'))) return snapshot;
  if (single.length === 1) return join(snapshot, single[0]);
  const which =
    single.length > 1 ? `several files; name one: ${single.map((one) => `${wanted}/${one}`).join(', ')}` : '';
  throw new UsageError(
    `${wanted}: the Hugging Face cache has ${which || `only a part of it (${snapshot}); ${pull} fetches the rest`}`,
  );
}
