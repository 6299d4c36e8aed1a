// An edit that is proposed as an example.

import type { Frame } from '../tensor/frame.js';
import type { EditScores, EditSidecar } from './sidecar.js';

/** One edit with all that is known of it. */
export interface Proposal {
  /** `strength-0.85-seed-43`. */
  readonly name: string;
  readonly picture: Frame;
  readonly sidecar: EditSidecar & { readonly strength: number; readonly seed: number; readonly scores: EditScores };
}
