// @ts-check
// Time of one training step (loss, all gradients, AdamW) against diffusers' on the same CPU, in the same run: pairs, in turns.
//   node bench/train.js [small|demo|full] [--weights all|lora] [--blocks] [--pairs 11] [--threads N] [--alone] [--python python3]
// The Python needs torch 2.13.0, diffusers 0.42.1, peft and accelerate. --blocks computes block by block; --alone measures no peer.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { median, peakMemory, spread } from './measure.js';
import { checkpointFolder, library, NETWORKS } from './networks.js';
import { inTurns, openPeer } from './peer.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    weights: { type: 'string' },
    blocks: { type: 'boolean', default: false },
    alone: { type: 'boolean', default: false },
    pairs: { type: 'string' },
    batch: { type: 'string' },
    threads: { type: 'string' },
    python: { type: 'string' },
  },
});
const name = /** @type {keyof typeof NETWORKS} */ (positionals[0] ?? 'small');
const network = NETWORKS[name];
if (!network) throw new Error(`bench: there is no network '${name}'; choose small, demo or full`);
const train = values.weights ?? (name === 'full' ? 'lora' : 'all');
if (train !== 'all' && train !== 'lora') throw new Error(`bench: --weights is '${train}'; choose all or lora`);
const pairs = Number(values.pairs ?? (name === 'full' ? 5 : 31));
const batch = Number(values.batch ?? network.batch);
const threads = Number(values.threads ?? availableParallelism());

const { randn, tensor } = await library('index.js');
const { openCheckpoint } = await library('models/checkpoint/checkpoint.js');
const { adamw } = await library('training/loop/adamw.js');
const { denoisingProgram } = await library('training/loss/denoising-program.js');
const { trainedWeights } = await library('training/finetune/trained-weights.js');

const folder = await checkpointFolder(name);
const sampleShape = [batch, ...network.latents];
const contextShape = [batch, ...network.context];
const checkpoint = await openCheckpoint(folder);
const trained = trainedWeights(checkpoint, { kind: train }, 0);
const begin = performance.now();
const program = await denoisingProgram(
  {
    config: checkpoint.unet.config,
    frozen: checkpoint.unet.weights,
    adapters: trained.adapters,
    trained: trained.names,
    latentShape: network.latents,
    contextShape: network.context,
    batch,
    blockwise: values.blocks,
  },
  { device: 'cpu', threads },
);
const compiled = (performance.now() - begin) / 1000;
const weights = await trained.initial();
const optimizer = adamw();
const state = optimizer.init(weights);
const inputs = {
  sample: randn(1, sampleShape),
  timesteps: tensor('float32', [batch], new Float32Array(batch).fill(421)),
  context: randn(2, contextShape),
  target: randn(3, sampleShape),
  weights: tensor('float32', [batch], new Float32Array(batch).fill(1)),
};
/** @type {number[]} */
const updates = [];
const step = async () => {
  const start = performance.now();
  const update = optimizer.begin(weights, state, 1e-5);
  let updating = 0;
  await program.run(inputs, weights, (/** @type {unknown} */ gradients) => {
    const before = performance.now();
    update(gradients);
    updating += performance.now() - before;
  });
  updates.push(updating);
  return performance.now() - start;
};
const first = await step();
console.error(
  `steadyframe: compiled in ${compiled.toFixed(1)} s, first step ${(first / 1000).toFixed(2)} s, peak ${peakMemory()} GB`,
);
const title = `${name}, ${train}: batch ${batch}, latents ${network.latents.join('x')}, ${pairs} pairs, ${threads} threads`;

/** @type {number[]} */
let own = [];
if (values.alone) {
  for (let i = 0; i < pairs; i++) own.push(await step());
  console.log(title);
} else {
  const settings = { unet: `${folder}/unet`, sample: sampleShape, context: contextShape, threads, train };
  const other = await openPeer(values.python, settings);
  for (const side of [step, other.run]) await side();
  updates.length = 0;
  const times = await inTurns(pairs, step, other.run);
  own = times.own;
  const { peer } = times;
  const ratios = own.map((time, i) => time / peer[i]);
  console.log(title);
  console.log(
    `PyTorch      median ${median(peer).toFixed(1)} ms  (${spread(peer, 1)}), peak ${await other.memory()} GB`,
  );
  console.log(`ratio        median ${median(ratios).toFixed(3)}  (${spread(ratios, 3)})`);
  other.close();
}
console.log(`steadyframe  median ${median(own).toFixed(1)} ms  (${spread(own, 1)}), peak ${peakMemory()} GB`);
console.log(`of it AdamW  median ${median(updates).toFixed(1)} ms`);
await program.dispose();
