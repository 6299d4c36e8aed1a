// @ts-check
// Memory and time of one 512x512 frame with a model of Stable Diffusion 1.5's size (random weights):
//   node bench/frame.js [--steps 50] [--strength 0.45] [--dtype float16]
// Takes 2 to 4 GB of disk. The picture means nothing; seconds and gigabytes do.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, peakMemory } from './measure.js';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '50' },
    strength: { type: 'string', default: '0.45' },
    dtype: { type: 'string', default: 'float32' },
  },
});
const library = await import(new URL('../build/lib/index.js', import.meta.url).href);
const suffix = values.dtype === 'float32' ? '' : `-${values.dtype}`;
const folder = fileURLToPath(new URL(`../.cache/bench/full${suffix}`, import.meta.url));
if (!existsSync(folder)) {
  console.error(`writing random weights to ${folder} ...`);
  const { writeRandomCheckpoint } = await import(
    new URL('../build/lib/models/checkpoint/random-checkpoint.js', import.meta.url).href
  );
  await writeRandomCheckpoint(folder, { seed: 0, dtype: values.dtype, size: 'full' });
}

const start = performance.now();
const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
const model = await library.loadModel(folder, { device: 'cpu' });
const data = Uint8Array.from({ length: 3 * 512 * 512 }, (_, i) => (i * 31) % 251);
const latent = await library.encodeFrame(model, { width: 512, height: 512, data });
console.log(`encoded after ${seconds()} s, peak memory ${peakMemory()} GB`);
const noise = library.randn(42, latent.shape);
const settings = { prompt: 'a cyberpunk city', steps: Number(values.steps), strength: Number(values.strength) };
let edited = latent;
let steps = 0;
/** @type {number[]} */
const times = [];
let last = performance.now();
for await (const step of library.img2img(model, { ...settings, latent, noise })) {
  edited = step.latent;
  times.push(performance.now() - last);
  last = performance.now();
  steps++;
}
console.log(`${steps} guided steps after ${seconds()} s, peak memory ${peakMemory()} GB`);
const [first, ...others] = times.map((time) => time / 1000);
const perStep = median(others);
console.log(`first step (compiles) ${first.toFixed(1)} s, median of the others ${perStep.toFixed(2)} s`);
const decoding = performance.now();
await library.decodeFrame(model, edited);
console.log(`decoded in ${((performance.now() - decoding) / 1000).toFixed(1)} s (compiles)`);
const again = performance.now();
await library.decodeFrame(model, edited);
const decode = (performance.now() - again) / 1000;
console.log(`decoded again in ${decode.toFixed(1)} s`);
console.log(
  `a frame when all is compiled: about ${(perStep * steps + 2 * decode).toFixed(0)} s; peak memory ${peakMemory()} GB`,
);
await model.dispose();
