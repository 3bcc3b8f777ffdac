import { defineConfig } from 'vitest/config';

/** The fast suite: everything but what has a script of its own. */
export default defineConfig({
  test: {
    // CI counts from a report of its own, beside the one that people read.
    reporters: process.env.VITEST_JSON
      ? ['default', ['json', { outputFile: process.env.VITEST_JSON }]]
      : ['default'],
    include: ['test/**/*.test.ts'],
    exclude: ['test/slow/**', 'test/cloud/**', 'node_modules/**'],
    // What a busy machine takes: a test that hangs is stopped, and none is hurried.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'threads',
    // The default leaves a core of two idle, and much of each test is waiting.
    maxWorkers: 2,
  },
});
