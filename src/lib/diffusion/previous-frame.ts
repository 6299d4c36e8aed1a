// Renderings that follow the previous rendered frame (TemporalNet: a ControlNet whose condition is that frame): frame by
// frame, in order.

import { UsageError } from '../base/errors.js';
import { isCut } from '../consistency/cuts.js';
import { motionBy, type SourceFrame, type SourceMotion } from '../consistency/motion.js';
import type { Control } from '../models/controls/controls.js';
import { withDefaults } from '../settings/defaults.js';
import type { OptionsOf } from '../settings/setting.js';
import { RENDER, type STEADIED, STEADY } from '../settings/table.js';
import type { Frame } from '../tensor/frame.js';
import { warpFrame } from '../video/flow/warp.js';
import { isAnchored } from './anchored-img2img.js';
import type { SeenFrame } from './seen-frames.js';

interface Controlled {
  readonly controls: readonly Pick<Control, 'kind' | 'path'>[];
}

/** Whether a control of the model sees the previous rendered frame. */
export function followsPrevious({ controls }: Controlled): boolean {
  return controls.some(({ kind }) => kind === 'previous');
}

/**
 * Checks that the frames of a rendering are made one after the other where a control sees the previous one.
 *
 * @throws UsageError for a batch of several, keyframes alone, or frames that are rendered together
 */
export function checkFollowing(
  model: Controlled,
  options: OptionsOf<Pick<typeof RENDER, 'batch' | 'anchor' | 'adain'> & Pick<typeof STEADIED, 'steady'>>,
): void {
  if (!followsPrevious(model)) return;
  const { batch } = withDefaults(RENDER, options);
  const problems = [
    [batch > 1, `batches of ${batch} hold several at once; render batches of 1`],
    [options.steady, 'a steady rendering leaves most out; leave out steady'],
    [isAnchored(options), 'anchor and adain render them together; leave these out'],
  ] as const;
  const wrong = problems.find(([is]) => is)?.[1];
  if (wrong !== undefined) {
    throw new UsageError(
      `control previous: it follows the frame before, so that frames are made one by one, but ${wrong}`,
    );
  }
}

/** A frame of the source, and the rendering of it. */
export interface RenderedFrame extends SourceFrame {
  readonly rendered: Frame;
}

/**
 * What controls see of a frame, with the previous rendered frame where one of them sees it: it is moved along the source's
 * motion, and where a point was hidden before, the source's own pixel is seen. The first frame of a shot has none.
 */
export async function withPrevious<Seen extends SeenFrame & SourceFrame>(
  model: Controlled,
  seen: Seen,
  before: RenderedFrame | undefined,
  {
    flow = STEADY.flow.default,
    motion = motionBy(flow),
  }: OptionsOf<Pick<typeof STEADY, 'flow'>> & { motion?: SourceMotion },
): Promise<Seen> {
  if (!before || !followsPrevious(model) || isCut(before.frame, seen.frame)) return seen;
  const { flow: moved, visible } = await motion(seen, before);
  const previous = warpFrame(before.rendered, moved);
  for (const [p, isVisible] of visible.entries()) {
    if (!isVisible) previous.data.set(seen.frame.data.subarray(3 * p, 3 * p + 3), 3 * p);
  }
  return { ...seen, previous };
}
