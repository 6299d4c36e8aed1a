// @ts-check
// What it costs to remember a rendering as a run: the same strength sweep with the demo model, tracked and not, in alternating pairs.
//   node bench/logging.js [--pairs 5] [--frames 12] [--steps 50]
// Prints the median of the pairs' differences, in milliseconds and as a share of the untracked time.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, spread } from './measure.js';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '5' },
    frames: { type: 'string', default: '12' },
    steps: { type: 'string', default: '50' },
    model: { type: 'string', default: fileURLToPath(new URL('../models/demo', import.meta.url)) },
  },
});
/** @type {typeof import('../src/lib/index.js')} */
const library = await import(new URL('../build/lib/index.js', import.meta.url).href);
const scratch = mkdtempSync(join(tmpdir(), 'steadyframe-logging-'));
try {
  const shot = library.heldOutShot('red-car-curve');
  const frames = Number(values.frames);
  const video = join(scratch, 'shot.mp4');
  await library.writeVideo(video, library.shotFrames(shot, 'photo', { frames }), { frameRate: shot.frameRate });
  const model = await library.loadModel(values.model, { device: 'cpu' });
  let runs = 0;
  /** @param {boolean} track @returns {Promise<number>} milliseconds */
  const sweep = async (track) => {
    const start = performance.now();
    await library.strengthSweep(model, video, {
      ...{ prompt: 'a cyberpunk neon painting of a city street at night', strengths: [0.45, 0.75] },
      ...{ steps: Number(values.steps), guidanceScale: 3, track, root: join(scratch, `runs-${runs++}`) },
    });
    return performance.now() - start;
  };
  await sweep(true); // compiles
  /** @type {{ untracked: number, tracked: number }[]} */
  const pairs = [];
  for (let i = 0; i < Number(values.pairs); i++) {
    const first = await sweep(i % 2 === 0);
    const second = await sweep(i % 2 !== 0);
    pairs.push(i % 2 === 0 ? { tracked: first, untracked: second } : { tracked: second, untracked: first });
    console.error(
      `pair ${i + 1}: ${pairs[i].untracked.toFixed(0)} ms untracked, ${pairs[i].tracked.toFixed(0)} ms tracked`,
    );
  }
  const costs = pairs.map(({ tracked, untracked }) => tracked - untracked);
  const shares = pairs.map(({ tracked, untracked }) => (100 * (tracked - untracked)) / untracked);
  console.log(
    `${frames} frames at 2 strengths of ${values.steps} steps: ${median(pairs.map(({ untracked }) => untracked)).toFixed(0)} ms; ` +
      `logging adds ${median(costs).toFixed(0)} ms (${spread(costs, 0)}), ${median(shares).toFixed(2)} % (${spread(shares, 2)})`,
  );
  await model.dispose();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
