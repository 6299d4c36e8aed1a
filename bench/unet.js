// @ts-check
// Time of one UNet pass against PyTorch's eager mode on the same CPU, in the same run: pairs, taken in turns.
//   node bench/unet.js [small|full] [--pairs 7] [--batch N] [--python python3]
// The Python needs torch 2.13.0, diffusers 0.42.1 and accelerate. `full` takes 4 GB of disk and 14 GB of memory for both together.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, peakMemory, spread } from './measure.js';

/** The two networks that are compared: the small one of the design, and Stable Diffusion 1.5's. */
const NETWORKS = {
  small: {
    checkpoint: {
      unet: {
        sample_size: 16,
        block_out_channels: [64, 128, 256],
        layers_per_block: 1,
        down_block_types: ['CrossAttnDownBlock2D', 'CrossAttnDownBlock2D', 'DownBlock2D'],
        up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
        cross_attention_dim: 128,
        attention_head_dim: 4,
        norm_num_groups: 32,
      },
      text: { hidden_size: 128, num_attention_heads: 4 },
    },
    latents: [4, 16, 16],
    context: [16, 128],
    batch: 8,
  },
  full: { checkpoint: { size: /** @type {const} */ ('full') }, latents: [4, 64, 64], context: [77, 768], batch: 1 },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pairs: { type: 'string' }, batch: { type: 'string' }, python: { type: 'string' } },
});
const name = /** @type {keyof typeof NETWORKS} */ (positionals[0] ?? 'small');
const network = NETWORKS[name];
if (!network) throw new Error(`bench: there is no network '${name}'; choose small or full`);
const pairs = Number(values.pairs ?? (name === 'full' ? 7 : 41));
const batch = Number(values.batch ?? network.batch);
const threads = availableParallelism();

const library = await import(new URL('../dist/lib/index.js', import.meta.url).href);
const folder = fileURLToPath(new URL(`../.cache/bench/${name}`, import.meta.url));
if (!existsSync(folder)) {
  console.error(`writing random weights to ${folder} ...`);
  await library.writeRandomCheckpoint(folder, { seed: 0, dtype: 'float32', ...network.checkpoint });
}

const sampleShape = [batch, ...network.latents];
const contextShape = [batch, ...network.context];
const model = await library.loadModel(folder, { device: 'cpu' });
const sample = library.randn(1, sampleShape);
const context = library.randn(2, contextShape);
const timesteps = library.tensor('int32', [batch], new Int32Array(batch).fill(421));
const pass = async () => {
  const start = performance.now();
  await model.predict(sample, timesteps, context);
  return performance.now() - start;
};
const first = await pass();
const own = [await pass()];
console.error(`steadyframe: compiled and first pass ${(first / 1000).toFixed(1)} s, peak memory ${peakMemory()} GB`);

const python = values.python ?? process.env.STEADYFRAME_PYTHON ?? 'python3';
const child = spawn(python, [fileURLToPath(new URL('peer.py', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
/** @param {string} line */
const ask = async (line) => {
  child.stdin.write(`${line}\n`);
  const { value, done } = await lines.next();
  if (done) throw new Error(`bench: ${python} ended; it needs torch, diffusers and accelerate (--python PATH)`);
  return value;
};
const settings = { unet: `${folder}/unet`, sample: sampleShape, context: contextShape, threads };
console.error(`peer: ${await ask(JSON.stringify(settings))}`);
await ask('run');

own.length = 0;
/** @type {number[]} */
const peer = [];
for (let i = 0; i < pairs; i++) {
  // Who goes first alternates, so that a drift of the machine's speed favours nobody.
  if (i % 2 === 0) own.push(await pass());
  peer.push(Number(await ask('run')));
  if (i % 2 === 1) own.push(await pass());
}
child.stdin.end();
await model.dispose();

const ratios = own.map((time, i) => time / peer[i]);
console.log(`${name}: batch ${batch}, latents ${network.latents.join('x')}, ${pairs} pairs, ${threads} threads`);
console.log(`steadyframe  median ${median(own).toFixed(1)} ms  (${spread(own, 1)})`);
console.log(`PyTorch      median ${median(peer).toFixed(1)} ms  (${spread(peer, 1)})`);
console.log(`ratio        median ${median(ratios).toFixed(3)}  (${spread(ratios, 3)})`);
console.log(`compiled and first pass ${(first / 1000).toFixed(1)} s, peak memory ${peakMemory()} GB`);
