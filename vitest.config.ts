import { defineConfig } from 'vitest/config';
import { SlowFirst } from './test/slow-first.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/surroundings.ts',
    // For what hangs, not for what is slow: on a busy machine the longest tests take ten times as long as on an idle one.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 300_000 } },
    // Processes, because native sessions crash worker threads on their way out, and a fresh one for each file, so that what
    // a file leaves behind (sessions, wasm heaps, environment variables) is gone. Two at once: native sessions use every
    // core already, the rest of a test uses one; memory stays that of two files.
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
  },
});
