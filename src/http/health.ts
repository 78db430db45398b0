import { setTimeout } from 'node:timers/promises'
import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { type Handler, json } from './exchange.ts'
import type { Readiness } from './readiness.ts'
import type { Route } from './route.ts'

/** Resolves while what it looks at serves; rejects with the reason. */
export type ReadinessCheck = () => Promise<void>

interface HealthParts {
  readonly readiness: Readiness
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  /** What else has to serve. */
  readonly checks?: readonly ReadinessCheck[]
}

/** For supervisors: /healthz says that the process answers, /readyz that it should get requests. */
export function healthRoutes(parts: HealthParts): Route[] {
  return [
    { operationId: 'getHealth', method: 'GET', path: '/healthz', right: 'anyone', handle: health },
    {
      operationId: 'getReadiness',
      method: 'GET',
      path: '/readyz',
      right: 'anyone',
      handle: readiness(parts),
    },
  ]
}

const UNCACHED = { 'cache-control': 'no-store' }
/** How long /readyz waits for the stores, in milliseconds: probes do not wait for long. */
const PATIENCE = 3000

const health: Handler = () => Promise.resolve(json(200, { status: 'ok' }, UNCACHED))

/** Asks both stores, so that one that does not answer takes the server out of rotation. */
function readiness({ readiness, metadata, blobs, checks = [] }: HealthParts): Handler {
  return async () => {
    if (readiness.state !== 'ready') throw unready(`the server is ${readiness.state}`)
    const reading = metadata.read([Uint8Array.of(0)])
    const all = Promise.all([reading, blobs.check(), ...checks.map((check) => check())])
    if ((await Promise.race([all, setTimeout(PATIENCE, 'late', { ref: false })])) === 'late')
      throw unready('a store behind the registry does not answer')
    return json(200, { status: 'ready' }, UNCACHED)
  }
}

function unready(message: string): RegistryError {
  return new RegistryError('UNAVAILABLE', { message, headers: { 'retry-after': '5' } })
}
