// The samplers by name. A checkpoint's configuration can set the spacing of timesteps; everything else of a sampler is
// fixed.

import { UsageError } from '../../base/errors.js';
import { SAMPLERS } from '../../settings/table.js';
import { ddim } from './ddim.js';
import { dpmpp2m, dpmpp2mKarras } from './dpmpp-2m.js';
import { euler, eulerKarras } from './euler.js';
import { lcm, tcd } from './few-step.js';
import { pndm } from './pndm.js';
import type { Sampler } from './sampler.js';

/** The name of a sampler. */
export type SamplerName = (typeof SAMPLERS)[number];

/** Every sampler by name. */
export const samplers: Readonly<Record<SamplerName, Sampler>> = {
  ddim,
  pndm,
  euler,
  'euler-karras': eulerKarras,
  'dpmpp-2m': dpmpp2m,
  'dpmpp-2m-karras': dpmpp2mKarras,
  lcm,
  tcd,
};

/**
 * Checks a sampler's name.
 *
 * @throws UsageError naming the known samplers
 */
export function samplerName(name: string): SamplerName {
  if (Object.hasOwn(samplers, name)) return name as SamplerName;
  throw new UsageError(`sampler: "${name}" is not known; expected one of ${SAMPLERS.join(', ')}`);
}
