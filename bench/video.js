// @ts-check
// The whole line from a video to a video, seconds a frame by stage, and memory:
//   node bench/video.js VIDEO [small|demo|full] [--size 512] [--frames 60] [--preset fast] [--all-frames]
// Keyframes are rendered and carried to the others; --all-frames renders each. The weights are random: the pictures mean
// nothing. `full` takes 4 GB of disk for them, and about as much for transformed kernels.

import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { peakMemory } from './measure.js';
import { checkpointFolder, library } from './networks.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: 'string', default: '512' },
    frames: { type: 'string', default: '60' },
    preset: { type: 'string' },
    'all-frames': { type: 'boolean', default: false },
  },
});
const [video, network = 'full'] = positionals;
if (!video) throw new Error('bench: name a video');
const { loadModel, restyle, restyleKeyframes, writeVideo } = await library('index.js');
const { openForModel } = await library('video/read/open-for-model.js');
const { motionBy } = await library('consistency/motion.js');

/** @type {Record<string, number>} */
const seconds = { encode: 0, passes: 0, decode: 0, motion: 0 };
const calls = { encode: 0, passes: 0, decode: 0, motion: 0 };
/**
 * A function whose time counts for a stage.
 *
 * @template {(...args: any[]) => Promise<any>} F
 * @param {keyof typeof calls} stage
 * @param {F} work
 * @returns {F}
 */
const timed = (stage, work) =>
  /** @type {F} */ (
    async (...args) => {
      const start = performance.now();
      const result = await work(...args);
      seconds[stage] += (performance.now() - start) / 1000;
      calls[stage]++;
      return result;
    }
  );

const folder = await checkpointFolder(/** @type {'full'} */ (network));
const plain = await loadModel(folder, { device: 'cpu' });
const model = {
  ...plain,
  encodeImage: timed('encode', plain.encodeImage),
  predict: timed('passes', plain.predict),
  decodeLatent: timed('decode', plain.decodeLatent),
};
// Pairs one after the other, so that their times add up.
let turn = Promise.resolve();
const estimate = timed('motion', motionBy('network'));
/** @param {any} from @param {any} to */
const motion = (from, to) => {
  const result = turn.then(() => estimate(from, to));
  turn = result.catch(() => {});
  return result;
};
const scratch = mkdtempSync(join(tmpdir(), 'steadyframe-bench-'));
const start = performance.now();
let frames = 0;
try {
  const source = await openForModel(plain, video, { size: Number(values.size), frames: Number(values.frames) });
  const options = {
    ...{ prompt: 'a cyberpunk city', strength: 0.45, seed: 42, motion },
    ...(values.preset && { preset: values.preset }),
  };
  const rendered = values['all-frames'] ? restyle(model, source, options) : restyleKeyframes(model, source, options);
  const counted = (async function* () {
    for await (const frame of rendered) {
      frames++;
      yield frame;
    }
  })();
  await writeVideo(join(scratch, 'out.mp4'), counted, { frameRate: source.frameRate });
  const total = (performance.now() - start) / 1000;
  const known = Object.values(seconds).reduce((sum, value) => sum + value, 0);
  const line = (/** @type {string} */ name, /** @type {number} */ time, more = '') =>
    console.log(`${name.padEnd(10)} ${(time / frames).toFixed(2).padStart(7)} s a frame${more}`);
  console.log(
    `${network}: ${frames} frames of ${source.width}x${source.height}, ${values.preset ?? '50 steps'}, ${
      values['all-frames'] ? 'all frames' : 'keyframes'
    }, ${availableParallelism()} threads, first runs included`,
  );
  for (const [stage, time] of Object.entries(seconds)) {
    const count = calls[/** @type {keyof typeof calls} */ (stage)];
    line(stage, time, `   ${count} times, ${(time / Math.max(1, count)).toFixed(2)} s each`);
  }
  line('others', total - known);
  line('all', total, `   peak memory ${peakMemory()} GB`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
  await plain.dispose();
}
