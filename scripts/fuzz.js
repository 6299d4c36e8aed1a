// @ts-check
// `npm run fuzz -- [--seconds N] [--inputs N] [--seed S] [--kind K] [--only INDEX]`: reads damaged files of every kind. What
// ends in another way than read or refused in one sentence is kept in .cache/fuzz, and is made again with its seed and
// index.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz, summaryOf } from './fuzz/fuzz.js';
import { KINDS } from './fuzz/kinds.js';
import { build, ensureInstalled, isBuilt, nodeProblem, root } from './setup.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    inputs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    kind: { type: 'string' },
    only: { type: 'string' },
  },
});

async function main() {
  const problem = nodeProblem() ?? (ensureInstalled() ? undefined : 'The packages could not be installed.');
  if (problem) return fail(problem, 1);
  if (values.kind !== undefined && !Object.hasOwn(KINDS, values.kind)) {
    return fail(`fuzz: there is no kind "${values.kind}"; choose ${Object.keys(KINDS).join(', ')}`, 2);
  }
  /** @type {Record<string, number>} */
  const numbers = {};
  for (const name of /** @type {const} */ (['seconds', 'inputs', 'seed', 'only'])) {
    if (values[name] === undefined) continue;
    numbers[name] = Number(values[name]);
    if (!(numbers[name] >= 0)) return fail(`fuzz: --${name} is ${values[name]}; give a number`, 2);
  }
  if (!isBuilt() && !build().ok) return fail('The library could not be compiled: see npm run types.', 1);
  if (numbers.inputs === undefined && numbers.only === undefined) numbers.seconds ??= 60;
  const result = await fuzz({
    ...numbers,
    ...(values.kind !== undefined && { kind: values.kind }),
    save: join(root, '.cache/fuzz'),
    onProgress(done, findings) {
      if (process.stderr.isTTY) process.stderr.write(`\r${done} inputs, ${findings} findings `);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  for (const { index, kind, file, what, message, saved } of result.findings) {
    console.log(`${kind} ${index} (${file}): ${what}: ${message.split('\n').slice(0, 3).join(' | ')}\n  ${saved}`);
  }
  console.log(`${result.read} were read, ${result.refused} refused`);
  console.log(`seed ${values.seed}, ${summaryOf(result)}`);
  if (result.findings.length > 0) process.exitCode = 1;
}

/** @param {string} message @param {number} code */
function fail(message, code) {
  console.error(message);
  process.exitCode = code;
}

await main();
