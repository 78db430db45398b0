import { reportCollection } from '../../maintenance/collection-report.ts'
import { explain } from '../../maintenance/explain.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RegistryParts } from '../../registry/parts.ts'
import type { Handler } from '../exchange.ts'
import { requireDigest } from '../require-name.ts'
import type { Route } from '../route.ts'
import { answer } from './answers.ts'
import { showExplanation } from './explanation.ts'
import { showForeseen } from './foreseen.ts'

/** What the collector would do, and what keeps it from taking something. */
export function collectionRoutes(registry: RegistryParts): Route[] {
  const path = '/api/v1/collection'
  const right = 'administrator'
  return [
    { operationId: 'getCollection', method: 'GET', path, right, handle: report(registry) },
    {
      operationId: 'explainDigest',
      method: 'GET',
      path: `${path}/why/{digest}`,
      right,
      handle: why(registry),
    },
  ]
}

function report(registry: RegistryParts): Handler {
  return async () => {
    const { foreseen, bytes, trash, more } = await reportCollection(registry)
    return answer(200, { entries: foreseen.map(showForeseen), bytes, trash, complete: !more })
  }
}

function why(registry: RegistryParts): Handler {
  return async ({ params }) => {
    const digest = requireDigest(params['digest'] ?? '')
    const found = await explain(registry, digest)
    if (found === undefined)
      throw new RegistryError('BLOB_UNKNOWN', {
        message: `nothing is known of ${digest}: it never came, or it went so long ago that no note of it is left (90 days for a manifest, the time in the trash for a blob)`,
        detail: { digest },
      })
    return answer(200, showExplanation(found))
  }
}
