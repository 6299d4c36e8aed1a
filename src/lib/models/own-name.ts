// The name of a model, or of a file for one, by which it is found on another machine too: no folders of this one.

import { basename, dirname, resolve, sep } from 'node:path';
import { DEMO_MODEL, demoModelFolder } from './hub/find-model.js';

/** `demo`, `OWNER/NAME` of the Hugging Face Hub, or the name of the file or folder. */
export function ownName(path: string): string {
  const place = resolve(path);
  const demo = demoModelFolder();
  if (place === demo || dirname(place) === demo) return DEMO_MODEL;
  const parts = place.split(sep);
  const at = parts.findIndex((part, i) => /^models--[^-].*--./.test(part) && parts[i + 1] === 'snapshots');
  if (at < 0) return basename(place);
  const file = parts.slice(at + 3);
  return [parts[at].slice('models--'.length).replace('--', '/'), ...file].join('/');
}
