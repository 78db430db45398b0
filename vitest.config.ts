import { defineConfig } from 'vitest/config'

/** `house` looks at the project itself (layers, docs, tables) and belongs to `npm run check`. */
export default defineConfig({
  test: {
    // vitest leaves a core to itself, which on two cores doubles the time.
    maxWorkers: '100%',
    projects: [
      { test: { name: 'house', include: ['scripts/**/*.test.ts'] } },
      // A slow or busy machine is no failure: patience ends what hangs, nothing else.
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'storage/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'protocol',
          include: ['conformance/protocol/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
