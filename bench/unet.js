// @ts-check
// Time of one UNet pass against PyTorch's eager mode, or OpenVINO, on the same CPU, in the same run: pairs, taken in turns.
//   node bench/unet.js [small|demo|full] [--pairs 7] [--batch N] [--peer torch|openvino] [--python python3]
// The Python needs torch 2.13.0, diffusers 0.42.1 and accelerate, and openvino 2026.4 where that is the peer. `full` takes 4 GB of disk and 14 GB of memory for both together.

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { median, peakMemory, spread } from './measure.js';
import { checkpointFolder, library, NETWORKS } from './networks.js';
import { inTurns, openPeer } from './peer.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string' },
    batch: { type: 'string' },
    peer: { type: 'string', default: 'torch' },
    python: { type: 'string' },
  },
});
const name = /** @type {keyof typeof NETWORKS} */ (positionals[0] ?? 'small');
const network = NETWORKS[name];
if (!network) throw new Error(`bench: there is no network '${name}'; choose small, demo or full`);
const pairs = Number(values.pairs ?? (name === 'full' ? 7 : 41));
const batch = Number(values.batch ?? network.batch);
const threads = availableParallelism();

const { loadModel, randn, tensor } = await library('index.js');
const folder = await checkpointFolder(name);
const sampleShape = [batch, ...network.latents];
const contextShape = [batch, ...network.context];
const model = await loadModel(folder, { device: 'cpu' });
const sample = randn(1, sampleShape);
const context = randn(2, contextShape);
const timesteps = tensor('int32', [batch], new Int32Array(batch).fill(421));
const pass = async () => {
  const start = performance.now();
  await model.predict(sample, timesteps, context);
  return performance.now() - start;
};
const first = await pass();
await pass();
console.error(`steadyframe: compiled and first pass ${(first / 1000).toFixed(1)} s, peak memory ${peakMemory()} GB`);

const settings = { unet: `${folder}/unet`, sample: sampleShape, context: contextShape, threads, peer: values.peer };
const other = await openPeer(values.python, settings);
await other.run();
const { own, peer } = await inTurns(pairs, pass, other.run);
other.close();
await model.dispose();

const ratios = own.map((time, i) => time / peer[i]);
console.log(`${name}: batch ${batch}, latents ${network.latents.join('x')}, ${pairs} pairs, ${threads} threads`);
console.log(`steadyframe  median ${median(own).toFixed(1)} ms  (${spread(own, 1)})`);
console.log(
  `${(values.peer === 'torch' ? 'PyTorch' : 'OpenVINO').padEnd(12)} median ${median(peer).toFixed(1)} ms  (${spread(peer, 1)})`,
);
console.log(`ratio        median ${median(ratios).toFixed(3)}  (${spread(ratios, 3)})`);
console.log(`compiled and first pass ${(first / 1000).toFixed(1)} s, peak memory ${peakMemory()} GB`);
