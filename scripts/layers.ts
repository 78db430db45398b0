import { basename, matchesGlob } from 'node:path/posix'

/**
 * Who may import whom; layers.test.ts compares it with the real imports, those of types included. A row is a folder or,
 * before that, one file; beside what it lists, a file may import its own folder. An entry is a folder, one file, a
 * package, or `node:*` for what Node brings along. An entry that nobody needs any more fails the test: rights shrink.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  // The command: main picks it, cli reads the words, compose connects everything. Only compose knows the drivers.
  'src/main.ts': ['node:*', 'src/cli/run.ts'],
  'src/compose.ts': [
    'node:*',
    'pino',
    'src/compose-blobs.ts',
    'src/compose-metadata.ts',
    'src/compose-inspector.ts',
    'src/compose-migration.ts',
    'src/log.ts',
    'src/auth',
    'src/config',
    'src/http',
    'src/http/api',
    'src/http/distribution',
    'src/http/inspect',
    'src/http/page',
    'src/http/token',
    'src/maintenance',
    'src/projects',
    'src/registry',
  ],
  'src/compose-metadata.ts': [
    'node:*',
    'pino',
    'src/config',
    'src/http',
    'src/records',
    'storage/store-errors.ts',
    'storage/metadata/metadata-store.ts',
    'storage/metadata/level',
    'storage/metadata/postgres',
  ],
  /** The move to other stores; which drivers they are, compose.ts tells. */
  'src/compose-migration.ts': [
    'node:*',
    'pino',
    'src/config',
    'src/events',
    'src/http',
    'src/http/api',
    'src/maintenance/migration',
    'src/oci',
  ],
  'src/compose-blobs.ts': [
    'node:*',
    'src/config',
    'src/http/start-error.ts',
    'src/records',
    'storage/blobs/blob-store.ts',
    'storage/blobs/filesystem',
    'storage/blobs/s3',
    'storage/metadata/metadata-store.ts',
    'storage/metadata/transact.ts',
  ],
  'src/compose-inspector.ts': [
    'node:*',
    'pino',
    'src/config',
    'src/inspect/layer',
    'src/log.ts',
    'storage/blobs/blob-store.ts',
    'storage/metadata/metadata-store.ts',
  ],
  'src/log.ts': ['pino', 'pino-pretty', 'src/config', 'src/oci'],
  'src/version.ts': ['package.json'],
  'src/cli': [
    'node:*',
    'pino',
    'zod',
    'src/compose.ts',
    'src/log.ts',
    'src/version.ts',
    'src/config',
    'src/tls',
    'src/http/composed.ts',
    'src/http/control-path.ts',
    'src/http/readiness.ts',
    'src/http/server.ts',
    'src/http/start-error.ts',
  ],
  'src/config': ['node:*', 'yaml', 'zod'],
  'src/tls': ['node:*', '@peculiar/x509'],

  // Rules without a world: what the specifications say, and what is stored.
  'src/oci': [],
  'src/records': ['zod', 'src/oci'],

  // The domain: knows the two store interfaces, no driver, no HTTP, and none of its siblings.
  'src/registry': [
    'node:*',
    'hash-wasm',
    'lru-cache',
    'picomatch',
    'src/oci',
    'src/records',
    'storage/store-errors.ts',
    'storage/blobs/blob-store.ts',
    'storage/metadata/metadata-store.ts',
    'storage/metadata/transact.ts',
  ],
  'src/auth': [
    'node:*',
    '@node-rs/argon2',
    'jose',
    'lru-cache',
    'zod',
    'src/oci',
    'src/records',
    'storage/store-errors.ts',
    'storage/metadata/metadata-store.ts',
    'storage/metadata/transact.ts',
  ],
  'src/projects': [
    'src/oci',
    'src/records',
    'storage/metadata/metadata-store.ts',
    'storage/metadata/transact.ts',
  ],
  'src/inspect': [
    'node:*',
    'zod',
    'src/inspect/layer',
    'src/inspect/tar',
    'src/oci',
    'src/records',
    'storage/blobs/blob-store.ts',
    'storage/metadata/metadata-store.ts',
  ],
  /** Above the registry: what it takes away goes by the rules that the registry has for requests. */
  'src/inspect/layer': [
    'node:*',
    'lru-cache',
    'zod',
    'src/inspect/tar',
    'src/oci',
    'src/records',
    'storage/store-errors.ts',
    'storage/blobs/blob-store.ts',
    'storage/metadata/metadata-store.ts',
    'storage/metadata/transact.ts',
  ],
  'src/inspect/tar': ['node:*'],
  'src/maintenance': [
    'node:*',
    'src/oci',
    'src/records',
    'src/registry',
    'storage/blobs/blob-store.ts',
    'storage/metadata/metadata-store.ts',
    'storage/metadata/transact.ts',
  ],

  'src/maintenance/migration': [
    'node:*',
    'src/oci',
    'src/records',
    'storage/store-errors.ts',
    'storage/blobs/blob-store.ts',
    'storage/metadata/metadata-store.ts',
    'storage/metadata/transact.ts',
  ],
  'src/events': ['node:*', 'src/oci', 'src/records', 'storage/metadata/metadata-store.ts'],

  // HTTP: the domain behind routes. Handlers give plain replies, the app and its middleware write them.
  'src/http': [
    'node:*',
    'pino',
    'zod',
    'src/http/middleware',
    'src/auth',
    'src/config',
    'src/oci',
    'src/projects',
    'storage/store-errors.ts',
    'storage/blobs/blob-store.ts',
    'storage/metadata/metadata-store.ts',
  ],
  'src/http/middleware': ['node:*', 'pino', 'src/http', 'src/auth', 'src/oci'],
  'src/http/distribution': [
    'node:*',
    'src/http',
    'src/auth',
    'src/oci',
    'src/registry',
    'storage/blobs/blob-store.ts',
  ],
  'src/http/inspect': [
    'src/inspect/layer',
    'src/inspect/tar',
    'lru-cache',
    'zod',
    'src/http',
    'src/http/api',
    'src/auth',
    'src/inspect',
    'src/oci',
    'src/registry',
    'storage/store-errors.ts',
  ],
  'src/http/token': ['node:*', 'src/http', 'src/auth', 'src/oci'],
  'src/http/api': [
    'node:*',
    'zod',
    'src/http',
    'src/auth',
    'src/maintenance',
    'src/maintenance/migration',
    'src/oci',
    'src/projects',
    'src/records',
    'src/registry',
  ],
  'src/http/page': ['node:*', 'src/http', 'src/oci'],

  // The page: runs in browsers, built by Vite, and knows the server through /api/v1 alone.
  'src/page': [
    'preact',
    '@preact/signals',
    'src/page/api',
    'src/page/parts',
    'src/page/styles/base.css',
    'src/page/styles/parts.css',
    'src/page/views/account',
    'src/page/views/compare',
    'src/page/views/deduplication',
    'src/page/views/grid',
    'src/page/views/home',
    'src/page/views/image',
    'src/page/views/project',
    'src/page/views/pull',
    'src/page/views/repository',
  ],
  'src/page/vite.config.ts': ['vite'],
  'src/page/api': ['preact', 'src/page'],
  'src/page/parts': ['preact', 'src/page', 'src/page/api'],
  'src/page/views/account': ['preact', 'src/page', 'src/page/api', 'src/page/parts'],
  'src/page/views/compare': ['src/page', 'src/page/api', 'src/page/parts'],
  'src/page/views/deduplication': ['src/page', 'src/page/api', 'src/page/parts'],
  'src/page/views/pull': ['src/page', 'src/page/api', 'src/page/parts'],
  'src/page/views/grid': ['preact', 'src/page', 'src/page/api', 'src/page/parts'],
  'src/page/views/image': ['preact', 'src/page', 'src/page/api', 'src/page/parts'],
  'src/page/views/repository': ['preact', '@preact/signals', 'src/page', 'src/page/api', 'src/page/parts'],
  'src/page/views/home': ['src/page', 'src/page/api', 'src/page/parts', 'preact'],
  'src/page/views/project': ['preact', 'src/page', 'src/page/api', 'src/page/parts'],

  // Storage: interfaces that know digests and bytes, drivers that know their own package.
  storage: [],
  'storage/blobs': ['src/oci', 'storage/store-errors.ts'],
  'storage/blobs/filesystem': ['node:*', 'src/oci', 'storage/store-errors.ts', 'storage/blobs'],
  'storage/blobs/s3': ['node:*', '@aws-sdk/client-s3', 'src/oci', 'storage/store-errors.ts', 'storage/blobs'],
  'storage/blobs/memory': ['src/oci', 'storage/store-errors.ts', 'storage/blobs'],
  'storage/metadata': [],
  'storage/metadata/level': [
    'node:*',
    'classic-level',
    'lru-cache',
    'storage/store-errors.ts',
    'storage/metadata/metadata-store.ts',
  ],
  'storage/metadata/postgres': [
    'node:*',
    'pg',
    'storage/store-errors.ts',
    'storage/metadata/metadata-store.ts',
  ],
  /** The level driver on a database that lives in memory: unit tests run the code that production runs. */
  'storage/metadata/memory': ['memory-level', 'storage/metadata/metadata-store.ts', 'storage/metadata/level'],
}

/** Files that only tests run, beside *.test.ts: contract suites, fixtures, faults, programs that a test starts. */
const TEST_SUPPORT: readonly string[] = [
  'contract*.ts',
  '*-fixture.ts',
  '*-child.ts',
  'simulated-*.ts',
  'failing-*.ts',
  'test-*.ts',
]

/** Whether only tests run a file. */
export function isTest(path: string): boolean {
  return ['*.test.ts', ...TEST_SUPPORT].some((pattern) => matchesGlob(basename(path), pattern))
}

/** What every test may use beside the rights of its folder. */
export const TEST_LAYER: readonly string[] = [
  'node:*',
  'fast-check',
  'vitest',
  'zod',
  'storage/store-errors.ts',
  'storage/blobs/blob-store.ts',
  'storage/blobs/read-in-turn.ts',
  'storage/blobs/memory',
  'storage/metadata/metadata-store.ts',
  'storage/metadata/memory',
]

/** What the tests of one folder use beside that. */
export const TEST_LAYERS: Readonly<Record<string, readonly string[]>> = {
  'src/cli': ['src/http/listener.ts', 'src/http/server-fixture.ts'],
  /** The control socket is tried with the client that it is for. */
  'src/http': ['src/tls', 'src/cli/api-client.ts'],
  'src/http/page': ['src/auth/identity.ts'],
  'src/http/token': ['jose', 'src/projects'],
  /** The store that a move follows, as compose.ts connects it. */
  'src/maintenance/migration': ['src/events'],
  'storage/metadata/level': ['storage/metadata/contract.ts', 'storage/metadata/contract-tools.ts'],
  'storage/metadata/memory': ['storage/metadata/contract.ts'],
  'storage/metadata/postgres': ['storage/metadata/contract.ts', 'storage/metadata/contract-tools.ts'],
}

/** The system seen from outside: starts the command and talks to it, and sees nothing of what it is made of. */
export const CONFORMANCE_LAYER: readonly string[] = [
  'node:*',
  'vitest',
  'yaml',
  'zod',
  'fast-check',
  'pg',
  'playwright-core',
]
