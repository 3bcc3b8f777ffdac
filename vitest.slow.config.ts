import { defineConfig } from 'vitest/config';

/** The slow suite: whole seasons, through the command line as people use it. */
export default defineConfig({
  test: {
    include: ['test/slow/**/*.test.ts'],
    testTimeout: 900_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
