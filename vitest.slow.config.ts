import { defineConfig } from 'vitest/config';

/** The slow suite: whole seasons, through the command line as people use it. */
export default defineConfig({
  test: {
    // CI counts from a report of its own, beside the one that people read.
    reporters: process.env.VITEST_JSON
      ? ['default', ['json', { outputFile: process.env.VITEST_JSON }]]
      : ['default'],
    include: ['test/slow/**/*.test.ts'],
    testTimeout: 900_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
});
