import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/*.test.ts'],
    // aws-cdk-lib takes seconds to load: once a worker, not once a file. No test leaves anything behind.
    isolate: false,
    testTimeout: 60_000,
  },
});
