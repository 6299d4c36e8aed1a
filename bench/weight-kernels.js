// @ts-check
// Time of the loops over all weights (WebAssembly, weight-kernels.ts) against the same loops in plain JavaScript: pairs, in turns.
//   node bench/weight-kernels.js [--weights 8000000] [--pairs 15]

import { parseArgs } from 'node:util';
import { median, spread } from './measure.js';
import { library } from './networks.js';

const { values } = parseArgs({ options: { weights: { type: 'string' }, pairs: { type: 'string' } } });
const count = Number(values.weights ?? 8_000_000);
const pairs = Number(values.pairs ?? 15);

/** @type {typeof import('../src/lib/training/loop/weight-kernels.js')} */
const { sumOfSquares, updateWeights } = await library('training/loop/weight-kernels.js');
const { randn } = await library('index.js');

const f = Math.fround;
const step = { newMean: 0.1, newSquare: 1e-3, decay: 1e-7, stepSize: 1e-5, rootCorrection: 1, epsilon: 1e-8 };
/** @type {Float32Array[]} */
const [w, m, v, g] = [1, 2, 3, 4].map((seed) => randn(seed, [count]).data);
for (let i = 0; i < count; i++) v[i] *= v[i];

/** @typedef {{ name: string, kernel: () => unknown, plain: () => unknown }} Case */
/** @type {readonly Case[]} */
const cases = [
  {
    name: 'AdamW',
    kernel: () => updateWeights([w, m, v, g], step),
    plain() {
      const [newMean, newSquare, decay, stepSize, rootCorrection, epsilon] = Object.values(step).map(f);
      for (let i = 0; i < count; i++) {
        const gradient = g[i];
        const mean = f(m[i] + f(newMean * f(gradient - m[i])));
        const square = f(v[i] + f(newSquare * f(f(gradient * gradient) - v[i])));
        m[i] = mean;
        v[i] = square;
        w[i] -= f(f(decay * w[i]) + f(f(stepSize * mean) / f(f(f(Math.sqrt(square)) * rootCorrection) + epsilon)));
      }
    },
  },
  {
    name: 'sum of squares',
    kernel: () => sumOfSquares(g),
    plain() {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += g[i] * g[i];
      return sum;
    },
  },
];

/** Milliseconds of this process's CPU that a call takes: what else the machine does counts less than on the clock. @param {() => unknown} call */
function time(call) {
  const before = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

console.log(`${count} weights, ${pairs} pairs`);
for (const { name, kernel, plain } of cases) {
  for (let i = 0; i < 3; i++) {
    kernel();
    plain();
  }
  /** @type {number[]} */
  const ratios = [];
  /** @type {number[]} */
  const own = [];
  for (let i = 0; i < pairs; i++) {
    // Each goes first every other time.
    const first = i % 2 === 0 ? time(kernel) : Number.NaN;
    const other = time(plain);
    const mine = Number.isNaN(first) ? time(kernel) : first;
    own.push(mine);
    ratios.push(other / mine);
  }
  console.log(
    `${name.padEnd(15)} kernel ${median(own).toFixed(1)} ms; plain / kernel median ${median(ratios).toFixed(2)} (${spread(ratios, 2)})`,
  );
}
