import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './scripts/test-order.ts'

/** The half of the protocol's tests that is run a second time, on records in PostgreSQL. */
const ON_POSTGRES = [
  'access',
  'accounts',
  'blob-write',
  'catalog',
  'concurrency',
  'delete',
  'manifest-tags',
  'manifest-write',
  'mount',
  'read-only',
  'referrers',
  'tags',
  'token-get',
  'token-post',
  'upload-session',
]

/** Against a cluster every server is several, behind a balancer; some cases cannot be tried there. */
const onCluster = process.env['PROTOCOL_CLUSTER'] !== undefined
const ofProtocol = onCluster ? 300_000 : 60_000

/** A slow or busy machine is no failure: patience ends what hangs, nothing else. Vitest's own for `expect.poll` is a second. */
const PATIENT = { poll: { timeout: 30_000 } }

/** `house` looks at the project itself (layers, docs, tables) and belongs to `npm run check`. */
export default defineConfig({
  test: {
    // More than there are cores: files wait for timers, disks and servers much of the time.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    // A process takes one file after the other and loads what they import once, which halves the time. So a test file
    // leaves nothing behind in what is shared: the environment, the library of Node, the state of modules.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: 'house', include: ['scripts/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'storage/**/*.test.ts'],
          exclude: ['storage/metadata/postgres/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: PATIENT,
        },
      },
      {
        test: {
          name: 'postgres',
          include: [
            'conformance/replicas/*.test.ts',
            'storage/metadata/postgres/**/*.test.ts',
            `conformance/protocol/{${ON_POSTGRES.join()}}.test.ts`,
          ],
          env: { LAMINA_TEST_METADATA: 'postgres' },
          globalSetup: [
            'conformance/servers/embedded-postgres.ts',
            'conformance/protocol/support/open-registry.ts',
          ],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: PATIENT,
        },
      },
      {
        test: {
          name: 'protocol',
          include: ['conformance/protocol/**/*.test.ts'],
          setupFiles: onCluster ? ['conformance/cluster/leave-out.ts'] : [],
          globalSetup: 'conformance/protocol/support/open-registry.ts',
          testTimeout: ofProtocol,
          hookTimeout: ofProtocol,
          expect: PATIENT,
        },
      },
    ],
  },
})
