import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Native sessions use every core already: files take turns, and each gets a fresh process.
    pool: 'forks',
    fileParallelism: false,
  },
});
