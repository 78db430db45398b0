import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { AccessControl, Decision } from '../../auth/access-control.ts'
import { OCI_INDEX } from '../../oci/media-type.ts'
import { digestOf } from '../../registry/content-fixture.ts'
import { openTestRegistry, push, resolve, type TestRegistry } from '../../registry/registry-fixture.ts'
import { createApp } from '../app.ts'
import { ReadOnlySwitch } from '../read-only.ts'
import { distributionRoutes } from './routes.ts'

/** More than a manifest may have that waits for nobody. */
const LARGE = 300 * 1024

let registry: TestRegistry
let server: Server
let port = 0
/** Whether the project that others wait for may still be pushed to. */
let mayPush: boolean
let readOnly: boolean
/** Requests that came, by project. */
let came: Map<string, IncomingMessage>

const yes: Decision = { outcome: 'allowed', identity: { kind: 'unchecked' }, isPublic: false }
const no: Decision = { outcome: 'denied', reason: 'no' }

const access: AccessControl = {
  check: (_, action, repository) =>
    Promise.resolve(action === 'push' && repository.startsWith('waits/') && !mayPush ? no : yes),
  checkProject: () => Promise.resolve(yes),
  checkRegistry: () => Promise.resolve(yes),
  mayMount: () => Promise.resolve(false),
  accountMayPush: () => Promise.resolve(true),
  grant: () => Promise.resolve([]),
}

beforeEach(async () => {
  registry = await openTestRegistry()
  mayPush = true
  readOnly = false
  came = new Map()
  const setting = { read: () => Promise.resolve({ readOnly }), write: () => Promise.resolve() }
  let now = 0
  const app = createApp({
    publicUrl: 'https://registry.test',
    trustedProxies: undefined,
    routes: distributionRoutes({
      registry: registry.parts,
      uploads: registry.uploads,
      redirect: false,
      listFolders: false,
      access,
      readableProjects: async function* () {},
    }),
    authenticate: () =>
      Promise.resolve({
        identity: { kind: 'user', name: 'alice', administrator: false },
        scope: undefined,
        expired: false,
      }),
    sessions: { find: () => Promise.resolve(undefined) },
    access,
    readOnly: new ReadOnlySwitch({ configured: false, setting, now: () => (now += 60_000) }),
    log: pino({ enabled: false }),
    meter: { began: () => undefined, ended: () => undefined },
  })
  server = createServer((request, response) => {
    came.set(request.url?.split('/')[2] ?? '', request)
    app(request, response)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

/** An index of nothing, of `length` bytes and more. */
function index(length: number): Buffer {
  const annotations = { padding: 'x'.repeat(length) }
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], annotations }))
}

/** Status of a PUT of a manifest under the tag v1. */
function put(name: string, bytes: Buffer): Promise<number | undefined> {
  const headers = { 'content-type': OCI_INDEX, 'content-length': String(bytes.length) }
  return new Promise((answered, failed) => {
    httpRequest(
      { port, method: 'PUT', path: `/v2/${name}/manifests/v1`, headers, agent: false },
      (response) => {
        response.resume()
        answered(response.statusCode)
      },
    )
      .on('error', failed)
      .end(bytes)
  })
}

/** What becomes of a large manifest in whose turn another one is stored until `meanwhile` has happened. */
async function waiting(meanwhile: () => void): Promise<number | undefined> {
  const begun = Promise.withResolvers<void>()
  const stored = Promise.withResolvers<void>()
  registry.hooks.beforeCommit = () => {
    begun.resolve()
    return stored.promise
  }
  const first = put('stored/app', index(LARGE))
  await begun.promise
  const second = put('waits/app', index(LARGE))
  // All of it is here, and nothing is left to wait for but its turn.
  await expect.poll(() => came.get('waits')?.complete).toBe(true)
  meanwhile()
  stored.resolve()
  expect(await first).toBe(201)
  return second
}

const losses: [what: string, status: number, lose: () => void][] = [
  ['may no longer push', 401, () => (mayPush = false)],
  ['finds the registry read-only', 503, () => (readOnly = true)],
]

it.each(losses)('who waits with a large manifest and %s then moves no tag', async (_, status, lose) => {
  const before = index(0)
  await push(registry, 'waits/app', before, { tags: ['v1'] })
  expect(await waiting(lose)).toBe(status)
  expect(await resolve(registry, 'waits/app', 'v1')).toBe(digestOf(before))
})

it('who waits with a large manifest and may still push moves the tag', async () => {
  await push(registry, 'waits/app', index(0), { tags: ['v1'] })
  expect(await waiting(() => undefined)).toBe(201)
  expect(await resolve(registry, 'waits/app', 'v1')).toBe(digestOf(index(LARGE)))
})
