import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { type Handler, json } from './exchange.ts'
import type { Readiness } from './readiness.ts'
import type { Route } from './route.ts'

/** For supervisors: /healthz says that the process answers, /readyz that it should get requests. */
export function healthRoutes(parts: {
  readonly readiness: Readiness
  readonly metadata: MetadataStore
}): Route[] {
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

/** Reads one record, so that a store that does not answer takes the server out of rotation. */
function readiness(parts: { readonly readiness: Readiness; readonly metadata: MetadataStore }): Handler {
  return async () => {
    if (parts.readiness.state !== 'ready')
      throw new RegistryError('UNAVAILABLE', {
        message: `the server is ${parts.readiness.state}`,
        headers: { 'retry-after': '5' },
      })
    await parts.metadata.read([Uint8Array.of(0)])
    return json(200, { status: 'ready' }, UNCACHED)
  }
}
