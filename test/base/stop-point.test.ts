// The points at which tests suspend the program: only if the environment requests it, and only the first process there.

import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { scratchFolder } from '../sweeps/tiny.js';

const file = join(scratchFolder(), 'stopped');

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(file, { force: true });
});

/** The module in a process with this environment. */
async function points(at?: string) {
  vi.resetModules();
  vi.stubEnv('STEADYFRAME_TEST_STOP_AT', at);
  vi.stubEnv('STEADYFRAME_TEST_STOP_FILE', file);
  return (await import('../../src/lib/base/stop-point.js')).stopPoint;
}

it.each([
  ['the count of a named one', 'appended a/b.rgb 2'],
  ['the number of points passed', '3'],
])('holds at %s, until the file is gone', async (_, at) => {
  const stopPoint = await points(at);
  await stopPoint('writing', '/x/a/b.rgb');
  await stopPoint('appended', '/x/a/b.rgb', 1);
  expect(existsSync(file)).toBe(false);
  let held = true;
  const stopped = stopPoint('appended', '/x/a/b.rgb', 2).then(() => {
    held = false;
  });
  expect([existsSync(file), held]).toEqual([true, true]);
  await stopPoint('appended', '/x/a/b.rgb', 2); // a second one
  expect(held).toBe(true);
  rmSync(file);
  await stopped;
});

it('does nothing otherwise', async () => {
  const stopPoint = await points();
  await stopPoint('written', '/x/a/b.rgb');
  expect(existsSync(file)).toBe(false);
});
