import { defineConfig } from 'vitest/config';
import { missingForKafka } from './deploy/local/fetch-kafka.js';

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: [
      'services/**/*.test.ts',
      'shared/**/*.test.ts',
      'test/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    // What cannot be run here is named at the end of the run.
    exclude: [
      'node_modules/**',
      ...(missingForKafka().length > 0 ? ['**/*.{kafka,s3}.test.ts'] : []),
      // Minutes for each seed: only with `npm run test:faults`, which says how many.
      ...(process.env['EDXSTREAM_TEST_KILLS'] === undefined
        ? ['test/kafka/{versions-of-a-log-file,weeks-in-any-order}.kafka.test.ts']
        : []),
    ],
    globalSetup: ['shared/testing/build-kernel.ts', 'test/support/needed-services.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
