/** How every function is bundled: here for the stacks, and for the test that imports each bundle. */
export const BUNDLE = {
  target: 'node24',
  format: 'esm',
  // Modules first: packages that ship both are smaller, and start sooner, without their CommonJS half.
  mainFields: ['module', 'main'],
  minify: true,
} as const;
