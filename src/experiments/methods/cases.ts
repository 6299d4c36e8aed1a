// What methods are compared on: shots of the world, whose truth is known, or real clips, each under three prompts.

import { existsSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { UsageError } from '../../lib/base/errors.js';
import { given } from '../../lib/base/given.js';
import type { EditedFrame } from '../../lib/edits/edited-frame.js';
import { openShot } from '../../lib/recipe/bundled-shot.js';
import {
  COMBINATIONS,
  type Combination,
  combinationsOf,
  STYLED_PROMPTS,
  trueEdits,
} from '../../lib/recipe/combinations.js';
import type { Truth } from '../../lib/recipe/plan.js';
import { shotOfDrive } from '../../lib/world/held-out-shots.js';

/** One case. */
export interface StudyCase {
  readonly name: string;
  /** The prompt that is rendered, and a second one that is only trained. */
  readonly prompts: readonly [string, string];
  /** The video, and its first frames' truth where that is known. */
  readonly open: (frames: number, cache?: string) => Promise<{ readonly path: string; readonly truth?: Truth }>;
  /** The true edited frame, once for each prompt, where it is known. */
  readonly trueEdits?: (frames: number) => readonly EditedFrame[];
}

/** Which cases; the nine of the bundled shots by default. */
export interface CaseOptions {
  /** The first of three held-out drives in place of the bundled shots. */
  readonly shotsSeed?: number;
  /** Video files in place of the shots. One that is not there is left out. */
  readonly real?: readonly string[];
  /** Called with a sentence about what is left out. */
  readonly onNote?: (text: string) => void;
}

/**
 * The cases, by name such as `red-car-curve-neon`.
 *
 * @throws UsageError when there is no such drive, files are given beside a drive, or two of one name
 */
export function studyCases({ shotsSeed, real, onNote }: CaseOptions): readonly StudyCase[] {
  if (!real) {
    const shots =
      shotsSeed === undefined ? COMBINATIONS : combinationsOf([0, 1, 2].map((i) => shotOfDrive(shotsSeed + i)));
    return shots.map(worldCase);
  }
  if (shotsSeed !== undefined) throw new UsageError('methods: real clips have no drives; leave out one of the two');
  const found = real.filter((file) => {
    if (!existsSync(file)) onNote?.(`${file}: there is no such file, it is left out`);
    return existsSync(file);
  });
  const names = found.map(clipName);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new UsageError(`methods: two clips are called "${twice}"; give files of different names`);
  return found.flatMap((file) =>
    STYLED_PROMPTS.map(({ style, prompts }) => ({
      ...{ name: `${clipName(file)}-${style}`, prompts },
      open: async () => ({ path: resolve(file) }),
    })),
  );
}

const clipName = (file: string): string => basename(file, extname(file));

function worldCase(combination: Combination): StudyCase {
  const { name, prompts, shot, style } = combination;
  return {
    ...{ name, prompts },
    open: (frames, cache) => openShot(shot, { style, frames, ...given({ cache }) }),
    trueEdits: (frames) => trueEdits(combination, frames),
  };
}
