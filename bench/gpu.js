// @ts-check
// What README's table of devices says of a device, measured: a rendering and a finetuning there and on the CPU, strictly, how far
// apart they are, seconds, bytes; with float16 where the device has it. On a machine with a graphics card and its driver:
//   node bench/gpu.js [tiny|demo|small|full] [--device webgpu] [--passes 20] [--iterations 10]
// Without a card, on SwiftShader: tiny, with the variables of vitest.config.ts. Weights are random: the pictures mean nothing.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SMALLEST } from '../scripts/fuzz/smallest-checkpoint.js';
import { median } from './measure.js';
import { checkpointFolder, library, NETWORKS } from './networks.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: 'string', default: 'webgpu' },
    passes: { type: 'string', default: '20' },
    iterations: { type: 'string', default: '10' },
  },
});
const name = positionals[0] ?? 'demo';
if (name !== 'tiny' && !(name in NETWORKS)) {
  throw new Error(`bench: there is no network '${name}'; choose tiny, small, demo or full`);
}
const { decodeFrame, encodeFrame, finetune, img2img, loadModel, randn } = await library('index.js');
const { totalPlacement } = await library('engine/total-placement.js');
const scratch = mkdtempSync(join(tmpdir(), 'steadyframe-gpu-'));
const folder = await checkpoint();
const side = name === 'tiny' ? 64 : 8 * NETWORKS[/** @type {'demo'} */ (name)].latents[1];
/** @param {number} shift */
const frame = (shift) => {
  const data = Uint8Array.from({ length: 3 * side * side }, (_, i) => ((i + 7 * shift) * 31) % 251);
  return { width: side, height: side, data };
};

/** The network's folder, or one of the tests' smallest. */
async function checkpoint() {
  if (name !== 'tiny') return await checkpointFolder(/** @type {'demo'} */ (name));
  const { writeRandomCheckpoint } = await library('models/checkpoint/random-checkpoint.js');
  await writeRandomCheckpoint(join(scratch, 'model'), SMALLEST);
  return join(scratch, 'model');
}

/**
 * Largest difference, of the largest value.
 *
 * @param {ArrayLike<number>} found @param {ArrayLike<number>} expected
 */
function distance(found, expected) {
  let [difference, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const apart = Math.abs(found[i] - expected[i]);
    if (!(apart <= difference)) difference = Number.isNaN(apart) ? Infinity : apart;
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return difference / largest;
}

/** Renders a frame. @param {Record<string, unknown>} place */
async function rendered(place) {
  const model = await loadModel(folder, { strict: true, ...place });
  try {
    return await renderedBy(model);
  } finally {
    await model.dispose();
  }
}

/** @param {import('../src/lib/index.js').Model} model */
async function renderedBy(model) {
  const latent = await encodeFrame(model, frame(0));
  const settings = { prompt: 'a city at night', steps: Number(values.passes), strength: 1, latent };
  const times = [];
  let result = latent;
  let last = performance.now();
  for await (const step of img2img(model, { ...settings, noise: randn(1, latent.shape) })) {
    result = step.latent;
    times.push(performance.now() - last);
    last = performance.now();
  }
  const { data } = await decodeFrame(model, result);
  // The first step compiles.
  const seconds = median(times.slice(1)) / 1000;
  return { latent: result.data, picture: data, seconds, ...totalPlacement(model.placements()) };
}

/** Finetunes on two frames. @param {string} device */
async function finetuned(device) {
  const model = await loadModel(folder, { device, strict: true });
  /** @type {number[]} */
  const times = [];
  const result = await finetune(model, [frame(0), frame(1)], {
    ...{
      out: join(scratch, device),
      track: false,
      edits: [{ picture: frame(2), frame: 0, prompt: 'a city at night' }],
    },
    ...{ trainingFrames: 2, iterations: Number(values.iterations), previewEvery: 0, heldAsidePrompts: [] },
    onStep: () => times.push(performance.now()),
    onWarning: () => {},
  });
  await model.dispose();
  const each = times.slice(1).map((time, i) => time - times[i]);
  return { losses: result.losses, seconds: median(each) / 1000 };
}

try {
  const { device } = values;
  const [cpu, there] = [await rendered({ device: 'cpu' }), await rendered({ device })];
  const pixels = Math.max(
    ...there.picture.map((/** @type {number} */ value, /** @type {number} */ i) => Math.abs(value - cpu.picture[i])),
  );
  console.log(`${name}, ${side}x${side}, strict: nothing falls back to the CPU (${there.nodes} nodes)`);
  console.log(`weights on ${device}: ${(there.weightBytes / 1e6).toFixed(1)} MB`);
  console.log(
    `rendering: latents ${distance(there.latent, cpu.latent).toExponential(1)} from the CPU's, pixels at most ${pixels}`,
  );
  console.log(`step with guidance: ${there.seconds.toFixed(3)} s, on the CPU ${cpu.seconds.toFixed(3)} s`);
  const half = await rendered({ device, precision: 'float16' }).catch((error) => String(error.message));
  if (typeof half === 'string') console.log(`float16: ${half}`);
  else {
    const apart = distance(half.latent, cpu.latent).toExponential(1);
    console.log(
      `float16: latents ${apart}, step ${half.seconds.toFixed(3)} s, weights ${(half.weightBytes / 1e6).toFixed(1)} MB`,
    );
  }
  const [expected, found] = [await finetuned('cpu'), await finetuned(device)];
  console.log(
    `finetuning, ${values.iterations} updates: losses ${distance(found.losses, expected.losses).toExponential(1)} apart`,
  );
  console.log(`update: ${found.seconds.toFixed(3)} s, on the CPU ${expected.seconds.toFixed(3)} s`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
