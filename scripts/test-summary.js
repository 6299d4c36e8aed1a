// @ts-check
// A vitest reporter that writes what passed, what failed and what was skipped, and why, as JSON for scripts/test.js.
// The file's name comes from the environment variable STEADYFRAME_TEST_SUMMARY.

import { writeFileSync } from 'node:fs';

/**
 * @typedef {{ name: string, reason: string | undefined }} Skipped
 * @typedef {{ passed: number, failed: string[], skipped: Skipped[] }} Summary
 */

/**
 * Why a test was skipped: the note given to `ctx.skip(note)`, else the last text in square brackets in the names of its
 * suites and its own that starts with "skipped", else the last text in square brackets.
 *
 * @param {string | undefined} note
 * @param {string} fullName
 * @returns {string | undefined}
 */
export function skipReason(note, fullName) {
  if (note) return note;
  const bracketed = [...fullName.matchAll(/\[([^[\]]+)\]/g)].map((match) => match[1]);
  return bracketed.findLast((text) => /^skipped\b/i.test(text)) ?? bracketed.at(-1);
}

/**
 * Whether the name of a test that ran says that it was skipped.
 *
 * @param {string} fullName
 */
export function claimsToBeSkipped(fullName) {
  return /[([]skipped\b/i.test(fullName);
}

/**
 * Collects one run's results; a file, a suite's hook or an unhandled error that fails counts as one failed test, and so does
 * a test that ran under a name which says that it was skipped.
 */
export default class TestSummary {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<{ message?: string }>} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Summary} */
    const summary = { passed: 0, failed: [], skipped: [] };
    for (const module of modules) {
      const file = module.relativeModuleId;
      if (module.errors().length > 0) summary.failed.push(`${file} (the file itself)`);
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length > 0) summary.failed.push(`${file} > ${suite.fullName} (its set-up or clean-up)`);
      }
      for (const test of module.children.allTests()) {
        const name = `${file} > ${test.fullName}`;
        const result = test.result();
        if (result.state === 'passed' && claimsToBeSkipped(test.fullName)) {
          summary.failed.push(`${name} (it was not skipped)`);
        } else if (result.state === 'passed') summary.passed++;
        else if (result.state === 'skipped')
          summary.skipped.push({ name, reason: skipReason(result.note, test.fullName) });
        else summary.failed.push(result.state === 'failed' ? name : `${name} (did not finish)`);
      }
    }
    for (const error of unhandledErrors) summary.failed.push(`unhandled error: ${error.message?.split('\n')[0]}`);
    const target = process.env.STEADYFRAME_TEST_SUMMARY;
    if (target) writeFileSync(target, JSON.stringify(summary));
  }
}
