import { defineConfig } from 'vitest/config'

/** `house` looks at the project itself (layers, docs, tables) and belongs to `npm run check`. */
export default defineConfig({
  test: {
    // vitest leaves a core to itself, which on two cores doubles the time.
    maxWorkers: '100%',
    projects: [
      { test: { name: 'house', include: ['scripts/**/*.test.ts'] } },
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'storage/**/*.test.ts'] } },
      {
        test: {
          name: 'protocol',
          include: ['conformance/protocol/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
})
