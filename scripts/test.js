// @ts-check
// `npm test`: installs what is missing, then checks formatting and types beside the build and the tests. The last line is
// the count.
// `npm test -- test/graph` builds if need be and runs only the test files whose path contains the text.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, ensureInstalled, forgetBuild, isBuilt, nodeProblem, root, TSC } from './setup.js';

/** @type {import('./test-summary.js').Summary} */
const total = { passed: 0, failed: [], skipped: [] };
/** @type {string[]} */
const times = [];

/**
 * Runs one part and notes how long it took.
 *
 * @template T
 * @param {string} name
 * @param {() => T | Promise<T>} part
 * @returns {Promise<T>}
 */
async function timed(name, part) {
  const start = performance.now();
  const result = await part();
  times.push(`${name} ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

/**
 * A part that counts as one test: passes with a line, or fails with what it printed. Returns whether it passed.
 *
 * @param {string} name
 * @param {() => { ok: boolean, output: string } | Promise<{ ok: boolean, output: string }>} part
 */
async function check(name, part) {
  const { ok, output } = await timed(name, part);
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${times.at(-1)}`);
  if (ok) total.passed++;
  else {
    total.failed.push(name);
    console.log(output.trimEnd());
  }
  return ok;
}

/**
 * @param {string[]} args a Node script and its arguments
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
function node(...args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.on('error', (error) => resolve({ ok: false, output: `${output}${error.message}` }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

/** Runs vitest, its progress on the terminal, and adds its counts. @param {string[]} args */
async function vitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'steadyframe-test-'));
  const summaryFile = join(folder, 'summary.json');
  try {
    const reporters = ['--reporter=default', '--reporter=./scripts/test-summary.js'];
    const child = spawn(
      process.execPath,
      [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...args],
      {
        cwd: root,
        stdio: 'inherit',
        env: { ...process.env, STEADYFRAME_TEST_BUILT: '1', STEADYFRAME_TEST_SUMMARY: summaryFile },
      },
    );
    const status = await new Promise((resolve) => child.on('error', resolve).on('close', resolve));
    /** @type {import('./test-summary.js').Summary} */
    const summary = existsSync(summaryFile)
      ? JSON.parse(readFileSync(summaryFile, 'utf8'))
      : { passed: 0, failed: ['vitest ended without a result'], skipped: [] };
    if (status !== 0 && summary.failed.length === 0) summary.failed.push(`vitest ended with exit code ${status}`);
    total.passed += summary.passed;
    total.failed.push(...summary.failed);
    total.skipped.push(...summary.skipped);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string[]} args passed on to vitest; without any, the whole project is checked */
async function run(args) {
  const problem = nodeProblem();
  if (problem) {
    console.log(problem);
    total.failed.push('Node version');
    return;
  }
  if (!(await timed('installation', ensureInstalled))) {
    total.failed.push('installation');
    return;
  }
  if (args.length > 0) {
    if (!isBuilt()) await check('build', build);
    await timed('tests', () => vitest(args));
    return;
  }
  const colours = process.stdout.isTTY ? 'force' : 'off';
  const biome = ['node_modules/@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', `--colors=${colours}`];
  // One core each. The types of everything are checked beside the build, which need not check those of the sources again.
  const types = check('types', () => node(TSC, '-p', 'tsconfig.json'));
  await check('formatting', () => node(...biome));
  await check('build', () => build({ checked: false }));
  await timed('tests', () => vitest(args));
  if (!(await types)) forgetBuild();
}

await run(process.argv.slice(2));

// A choice such as `-t NAME` skips all others without a reason: those are counted, not listed.
const listed = total.skipped.filter(({ reason }) => reason || process.argv.length === 2);
for (const { name, reason } of listed) console.log(`skipped: ${name}: ${reason ?? 'no reason given'}`);
for (const name of total.failed) console.log(`failed: ${name}`);
console.log(times.join(', '));
console.log(`${total.passed} passed, ${total.failed.length} failed, ${total.skipped.length} skipped`);
process.exitCode = total.failed.length > 0 ? 1 : 0;
