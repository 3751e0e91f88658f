import { defineConfig } from 'vitest/config';

// The first synthesis of a worker loads all of aws-cdk-lib.
export default defineConfig({ test: { include: ['test/*.test.ts'], testTimeout: 60_000 } });
