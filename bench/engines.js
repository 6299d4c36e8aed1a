// @ts-check
// UNet passes per second of every engine that is here, in turns in one process: ONNX Runtime, and each TensorFlow.js.
//   node bench/engines.js [small|demo] [--passes 15] [--javascript]
// Native TensorFlow is that of scripts/tfjs-node.js. --javascript adds the backend in plain JavaScript, which takes seconds a pass.

import { parseArgs } from 'node:util';
import { tfjsNode, tfjsNodeMissing } from '../scripts/tfjs-node.js';
import { median } from './measure.js';
import { checkpointFolder, library, NETWORKS } from './networks.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { passes: { type: 'string' }, javascript: { type: 'boolean' } },
});
const name = /** @type {keyof typeof NETWORKS} */ (positionals[0] ?? 'demo');
const network = NETWORKS[name];
if (!network) throw new Error(`bench: there is no network '${name}'; choose small or demo`);
const passes = Number(values.passes ?? 15);
const { loadModel, randn, tensor } = await library('index.js');
const folder = await checkpointFolder(name);

/** The package of TensorFlow.js by the engine's name here; null for ONNX Runtime. */
const ENGINES = {
  'onnxruntime-node': null,
  ...(tfjsNodeMissing() === undefined && { 'tfjs-node': tfjsNode }),
  'tfjs-backend-wasm': '@tensorflow/tfjs-backend-wasm',
  ...(values.javascript && { 'tfjs-backend-cpu': '@tensorflow/tfjs-backend-cpu' }),
};
if (tfjsNodeMissing()) console.error(tfjsNodeMissing());

const sample = randn(1, [1, ...network.latents]);
const context = randn(2, [1, ...network.context]);
const timesteps = tensor('int32', [1], Int32Array.of(421));
const runs = [];
for (const [title, place] of Object.entries(ENGINES)) {
  if (place !== null) process.env.STEADYFRAME_TEST_TFJS = place;
  const model = await loadModel(folder, { engine: place === null ? 'onnx' : 'tfjs', device: 'cpu' });
  await model.predict(sample, timesteps, context);
  runs.push({ title, model, wall: /** @type {number[]} */ ([]), cpu: /** @type {number[]} */ ([]) });
}
for (let i = 0; i < passes; i++) {
  for (const { model, wall, cpu } of runs) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    await model.predict(sample, timesteps, context);
    const { user, system } = process.cpuUsage(before);
    wall.push(performance.now() - start);
    cpu.push((user + system) / 1000);
  }
}
console.log(`${name}: batch 1, latents ${network.latents.join('x')}, ${passes} passes each, in turns`);
for (const { title, model, wall, cpu } of runs) {
  const [time, work] = [median(wall), median(cpu)];
  console.log(
    `${title.padEnd(18)} ${(1000 / time).toFixed(2).padStart(7)} passes/s  ${work.toFixed(0).padStart(6)} ms of CPU a pass`,
  );
  await model.dispose();
}
