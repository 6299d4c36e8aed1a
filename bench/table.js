// @ts-check
// Measures the rows of the README's table of speed, and writes it with machine and date: bench/speed.json holds the numbers.
//   node bench/table.js [ROW...] [--python python3]
// Without rows all of them: 20 minutes on two idle cores, 14 GB of memory. Each row is written when it is measured.

import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/**
 * @typedef {object} Row
 * @property {string} what
 * @property {readonly string[]} command the script, and its arguments
 * @property {string} peer
 */

const PASS = 'one UNet pass,';
const STEP = 'one training step (loss, gradients, AdamW),';
const FULL = "Stable Diffusion 1.5's size, 64x64 latents, batch 1";
const SMALL = '12.6 M weights, 16x16 latents, batch 8';

/** @type {Record<string, Row>} */
const ROWS = {
  'unet-full-torch': { what: `${PASS} ${FULL}`, command: ['unet.js', 'full'], peer: 'PyTorch' },
  'unet-full-openvino': { what: 'the same', command: ['unet.js', 'full', '--peer', 'openvino'], peer: 'OpenVINO' },
  'unet-small-torch': { what: `${PASS} ${SMALL}`, command: ['unet.js', 'small'], peer: 'PyTorch' },
  'unet-small-openvino': { what: 'the same', command: ['unet.js', 'small', '--peer', 'openvino'], peer: 'OpenVINO' },
  'train-full-torch': {
    what: `${STEP} LoRA of rank 4, ${FULL}`,
    command: ['train.js', 'full', '--pairs', '7'],
    peer: 'PyTorch',
  },
  'train-small-torch': { what: `${STEP} all weights, ${SMALL}`, command: ['train.js', 'small'], peer: 'PyTorch' },
};

/**
 * @typedef {object} Measured
 * @property {number} own milliseconds, the median
 * @property {number} peer
 * @property {number} ratio the median of the pairs' ratios
 * @property {readonly [number, number]} spread the least and the largest of them
 * @property {number} pairs
 * @property {string} machine
 * @property {string} date
 */

/** @param {string} path */
const file = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const NUMBERS = 'bench/speed.json';
const [BEGIN, END] = ['<!-- node bench/table.js writes this table -->', '<!-- end of the table -->'];

/** The table, of the rows that were measured. @param {Record<string, Measured>} measured */
export function speedTable(measured) {
  const time = (/** @type {number} */ ms) => (ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`);
  const rows = Object.entries(ROWS).flatMap(([name, { what, peer }]) => {
    const found = measured[name];
    if (!found) return [];
    const [least, most] = found.spread.map((value) => value.toFixed(2));
    const ratio = `**${found.ratio.toFixed(2)}** (${least} to ${most}, ${found.pairs} pairs)`;
    const where = `${found.machine}, ${found.date}`;
    return [`| ${what} | ${time(found.own)} | ${peer} ${time(found.peer)} | ${ratio} | ${where} |`];
  });
  return [
    '| | steadyframe | the other | ratio of the pairs, median | measured on |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** The table that a README holds, and the README with another one. @param {string} readme */
export function tableIn(readme) {
  const [before, rest = ''] = readme.split(`${BEGIN}\n`);
  const [table, after] = rest.split(END);
  if (after === undefined) throw new Error(`bench: the README has no lines '${BEGIN}' and '${END}'`);
  return { table, with: (/** @type {string} */ other) => `${before}${BEGIN}\n${other}${END}${after}` };
}

/** @param {Row} row @param {readonly string[]} more @returns {Promise<Measured>} */
async function measure({ command: [script, ...args] }, more) {
  const child = spawn(process.execPath, [file(`bench/${script}`), ...args, ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  const code = await new Promise((resolve) => child.on('error', resolve).on('close', resolve));
  if (code !== 0) throw new Error(`bench: ${script} ${args.join(' ')} ended with ${code}`);
  const machine = `${cpus()[0].model.trim()}, ${availableParallelism()} threads`;
  const [last] = out.trimEnd().split('\n').slice(-1);
  return { ...JSON.parse(last), machine, date: new Date().toISOString().slice(0, 10) };
}

async function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { python: { type: 'string' } } });
  const unknown = positionals.find((name) => !Object.hasOwn(ROWS, name));
  if (unknown) throw new Error(`bench: there is no row '${unknown}'; choose of ${Object.keys(ROWS).join(', ')}`);
  const python = values.python === undefined ? [] : ['--python', values.python];
  for (const name of positionals.length > 0 ? positionals : Object.keys(ROWS)) {
    console.error(`bench: ${name}`);
    const measured = { ...JSON.parse(readFileSync(file(NUMBERS), 'utf8')), [name]: await measure(ROWS[name], python) };
    writeFileSync(file(NUMBERS), `${JSON.stringify(measured, null, 2)}\n`);
    writeFileSync(file('README.md'), tableIn(readFileSync(file('README.md'), 'utf8')).with(speedTable(measured)));
    console.log(`${name}: ${measured[name].ratio.toFixed(3)}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
