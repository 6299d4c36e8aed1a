// Finished steps of frames that are rendered together, in a journal with one record for each frame and step.

import type { RecordJournal } from '../base/record-journal.js';
import type { StepStore } from '../diffusion/anchored-img2img.js';

/** The steps of `frames` frames in a journal of float32 latents; those of an incomplete step are removed. */
export async function stepStore(journal: RecordJournal, frames: number): Promise<StepStore> {
  await journal.truncate(journal.count - (journal.count % frames));
  return {
    get count() {
      return Math.floor(journal.count / frames);
    },
    async read(step) {
      const rows: Float32Array[] = [];
      for (let i = step * frames; i < (step + 1) * frames; i++) {
        rows.push(new Float32Array((await journal.read(i)).buffer));
      }
      const prediction = new Float32Array(frames * rows[0].length);
      for (const [i, row] of rows.entries()) prediction.set(row, i * row.length);
      return prediction;
    },
    async append(prediction) {
      const row = prediction.byteLength / frames;
      for (let i = 0; i < frames; i++) {
        await journal.append(new Uint8Array(prediction.buffer, prediction.byteOffset + i * row, row));
      }
      await journal.flush();
    },
  };
}
