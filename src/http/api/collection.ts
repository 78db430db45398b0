import { type Foreseen, reportCollection } from '../../maintenance/collection-report.ts'
import { explainBlob } from '../../maintenance/explain.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import type { RegistryParts } from '../../registry/parts.ts'
import type { Handler } from '../exchange.ts'
import type { Route } from '../route.ts'
import { answer, date, optionalDate } from './answers.ts'
import { digestIn } from './content-params.ts'

/** What the collector would do, and what keeps it from taking something. */
export function collectionRoutes(registry: RegistryParts): Route[] {
  const path = '/api/v1/collection'
  const right = 'administrator'
  return [
    { operationId: 'getCollection', method: 'GET', path, right, handle: report(registry) },
    {
      operationId: 'explainBlob',
      method: 'GET',
      path: `${path}/why/{digest}`,
      right,
      handle: explain(registry),
    },
  ]
}

function report(registry: RegistryParts): Handler {
  return async () => {
    const { foreseen, bytes, trash, more } = await reportCollection(registry)
    return answer(200, { entries: foreseen.map(showForeseen), bytes, trash, complete: !more })
  }
}

function showForeseen({ entry, verdict }: Foreseen) {
  const { kind, name, digest, due } = entry
  return {
    kind,
    repository: name,
    ...(digest !== undefined && { digest }),
    due: date(due),
    action: verdict.action,
    reason: verdict.reason,
    ...('bytes' in verdict && { bytes: verdict.bytes }),
    ...('due' in verdict && { until: date(verdict.due) }),
  }
}

function explain(registry: RegistryParts): Handler {
  return async ({ params }) => {
    const digest = digestIn(params['digest'] ?? '')
    const found = await explainBlob(registry, digest)
    if (found === undefined)
      throw new RegistryError('BLOB_UNKNOWN', {
        message: `no blob ${digest} is here; blobs are known by their sha256`,
      })
    const holders = found.holders.map(({ uses, sparedUntil, ...holder }) => ({
      ...holder,
      sparedUntil: date(sparedUntil),
      uses: uses.map(({ deletedUntil, ...use }) => ({
        ...use,
        ...optionalDate('deletedUntil', deletedUntil),
      })),
    }))
    return answer(200, { ...found, holders })
  }
}
