import { setTimeout } from 'node:timers/promises'
import type { BlobStore } from '../../storage/blobs/blob-store.ts'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { StoreUnavailable } from '../../storage/store-errors.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { type Handler, json } from './exchange.ts'
import type { Readiness } from './readiness.ts'
import type { Route } from './route.ts'

/** For supervisors: /healthz says that the process answers, /readyz that it should get requests. */
export function healthRoutes(parts: ReadinessParts): Route[] {
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

const health: Handler = () => Promise.resolve(json(200, { status: 'ok' }, UNCACHED))

/** How long both stores may take, in milliseconds: probes do not wait for long. */
const PROBE_MS = 3000

interface ReadinessParts {
  readonly readiness: Readiness
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
}

/** Asks both stores, so that one that does not answer takes the server out of rotation. */
function readiness(parts: ReadinessParts): Handler {
  return async () => {
    if (parts.readiness.state !== 'ready')
      throw new RegistryError('UNAVAILABLE', {
        message: `the server is ${parts.readiness.state}`,
        headers: { 'retry-after': '5' },
      })
    const stores = Promise.all([parts.metadata.read([Uint8Array.of(0)]), parts.blobs.check()])
    const late = new AbortController()
    const silence = setTimeout(PROBE_MS, undefined, { signal: late.signal, ref: false }).then(() => {
      throw new StoreUnavailable(`a store did not answer within ${PROBE_MS} ms`)
    })
    try {
      await Promise.race([stores, silence])
    } finally {
      silence.catch(() => undefined)
      late.abort()
    }
    return json(200, { status: 'ready' }, UNCACHED)
  }
}
