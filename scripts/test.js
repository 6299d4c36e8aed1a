// @ts-check
// `npm test`: installs what is missing, then checks formatting, types and the build and runs every test. The last line is the count.
// `npm test -- test/graph` builds if need be and runs only the test files whose path contains the text.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, ensureInstalled, isBuilt, nodeProblem, root } from './setup.js';

/** @type {import('./test-summary.js').Summary} */
const total = { passed: 0, failed: [], skipped: [] };
/** @type {string[]} */
const times = [];

/**
 * Runs one part and notes how long it took.
 *
 * @template T
 * @param {string} name
 * @param {() => T} part
 * @returns {T}
 */
function timed(name, part) {
  const start = performance.now();
  const result = part();
  times.push(`${name} ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return result;
}

/**
 * A part that counts as one test: passes silently, or fails with what it printed.
 *
 * @param {string} name
 * @param {() => { ok: boolean, output: string }} part
 */
function check(name, part) {
  const { ok, output } = timed(name, part);
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${times.at(-1)}`);
  if (ok) total.passed++;
  else {
    total.failed.push(name);
    console.log(output.trimEnd());
  }
}

/**
 * @param {string[]} args a Node script and its arguments
 * @returns {{ ok: boolean, output: string }}
 */
function node(...args) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}` };
}

/** Runs vitest, its progress on the terminal, and adds its counts. @param {string[]} args */
function vitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'steadyframe-test-'));
  const summaryFile = join(folder, 'summary.json');
  try {
    const reporters = ['--reporter=default', '--reporter=./scripts/test-summary.js'];
    const { status } = spawnSync(
      process.execPath,
      [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...args],
      { cwd: root, stdio: 'inherit', env: { ...process.env, STEADYFRAME_TEST_SUMMARY: summaryFile } },
    );
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
function run(args) {
  const problem = nodeProblem();
  if (problem) {
    console.log(problem);
    total.failed.push('Node version');
    return;
  }
  if (!timed('installation', ensureInstalled)) {
    total.failed.push('installation');
    return;
  }
  const whole = args.length === 0;
  if (whole) {
    const colours = process.stdout.isTTY ? 'force' : 'off';
    check('formatting', () =>
      node('node_modules/@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', `--colors=${colours}`),
    );
    check('types', () => node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'));
  }
  // Tests may run the compiled command, so it is compiled first, for chosen files only where it is out of date.
  if (whole || !isBuilt()) check('build', build);
  timed('tests', () => vitest(args));
}

run(process.argv.slice(2));

// A choice such as `-t NAME` skips all others without a reason: those are counted, not listed.
const listed = total.skipped.filter(({ reason }) => reason || process.argv.length === 2);
for (const { name, reason } of listed) console.log(`skipped: ${name}: ${reason ?? 'no reason given'}`);
for (const name of total.failed) console.log(`failed: ${name}`);
console.log(times.join(', '));
console.log(`${total.passed} passed, ${total.failed.length} failed, ${total.skipped.length} skipped`);
process.exitCode = total.failed.length > 0 ? 1 : 0;
