// Warns about edited frames whose composition changed, which a model would learn; only colours may differ from the original.

import type { EditedFrame } from '../../edits/edited-frame.js';
import { COMPOSITION_LOST, composition } from '../../metrics/composition.js';
import type { Frame } from '../../tensor/frame.js';

/** Warns about each picture whose composition differs from its frame's, with the score. */
export async function warnOfMovedEdits(
  edits: readonly EditedFrame[],
  originals: ReadonlyMap<number, Frame>,
  onWarning: (message: string) => void,
): Promise<void> {
  const seen = new Set<Frame>();
  for (const { picture, frame } of edits) {
    if (seen.has(picture)) continue;
    seen.add(picture);
    const { kept, edges, flow } = await composition(originals.get(frame)!, picture);
    if (kept >= COMPOSITION_LOST) continue;
    const [all, outlines, still] = [kept, edges, flow].map((value) => value.toFixed(2));
    onWarning(
      `the edit of frame ${frame} keeps ${all} of its composition, less than ${COMPOSITION_LOST} (outlines agree ${outlines}, stay in place ${still}): the model would learn to move things. Colours may change, composition must not: pick another edit, or check that it is of this frame`,
    );
  }
}
