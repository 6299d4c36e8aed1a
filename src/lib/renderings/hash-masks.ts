// The masks of renderings by content, for the identity of results.

import { basename, resolve } from 'node:path';
import { sha256Path } from '../base/hash.js';
import { type MaskSettings, masksOf } from '../diffusion/mask.js';
import type { RunInput } from '../tracking/stored/run-record.js';

/** Settings whose masks are named by the SHA-256 of their content. */
export async function withHashedMasks<T extends MaskSettings>(
  settings: T,
  hash: (path: string) => Promise<string> = sha256Path,
): Promise<T> {
  const { mask, negativeMask } = settings;
  return {
    ...settings,
    ...(mask !== undefined && { mask: await hash(mask) }),
    ...(negativeMask !== undefined && { negativeMask: await hash(negativeMask) }),
  };
}

/** The masks of settings, as files that a run reads. */
export async function maskInputs(settings: MaskSettings): Promise<RunInput[]> {
  const inputs = masksOf(settings).map(async (path) => ({
    ...{ kind: 'video' as const, name: basename(path), path: resolve(path) },
    sha256: await sha256Path(path),
  }));
  return Promise.all(inputs);
}
