// @ts-check
// Time of a pass that takes over the deep features of an earlier one (--cache-interval), against a whole pass: pairs, in turns.
//   node bench/caching.js [small|demo|full] [--pairs 7]

import { parseArgs } from 'node:util';
import { median, spread } from './measure.js';
import { checkpointFolder, library, NETWORKS } from './networks.js';
import { inTurns } from './peer.js';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { pairs: { type: 'string' } } });
const name = /** @type {keyof typeof NETWORKS} */ (positionals[0] ?? 'small');
const network = NETWORKS[name];
if (!network) throw new Error(`bench: there is no network '${name}'; choose small, demo or full`);
const pairs = Number(values.pairs ?? 7);

const { loadModel, randn, tensor } = await library('index.js');
const model = await loadModel(await checkpointFolder(name), { device: 'cpu' });
const { batch } = network;
const inputs = {
  sample: randn(1, [batch, ...network.latents]),
  timesteps: tensor('int32', [batch], new Int32Array(batch).fill(421)),
  context: randn(2, [batch, ...network.context]),
};
const { cached } = await model.predictCached(inputs);
/** @param {() => Promise<unknown>} pass */
const timed = async (pass) => {
  const start = performance.now();
  await pass();
  return performance.now() - start;
};
const whole = () => timed(() => model.predictCached(inputs));
const shallow = () => timed(() => model.predictCached(inputs, cached));
await whole();
await shallow();
const { own, peer } = await inTurns(pairs, shallow, whole);
await model.dispose();

const ratios = own.map((time, i) => time / peer[i]);
console.log(`${name}: batch ${batch}, latents ${network.latents.join('x')}, ${pairs} pairs`);
console.log(`whole pass    median ${median(peer).toFixed(1)} ms  (${spread(peer, 1)})`);
console.log(`shallow pass  median ${median(own).toFixed(1)} ms  (${spread(own, 1)})`);
console.log(`ratio         median ${median(ratios).toFixed(3)}  (${spread(ratios, 3)})`);
