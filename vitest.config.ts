import { defineConfig } from 'vitest/config';

/** The fast suite: everything but what has a script of its own. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/slow/**', 'test/cloud/**', 'node_modules/**'],
    testTimeout: 20_000,
    pool: 'threads',
    // The default leaves a core of two idle, and much of each test is waiting.
    maxWorkers: 2,
  },
});
