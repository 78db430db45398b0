import { OCI_INDEX } from '../../oci/media-type.ts'
import { listReferrers as referrersOf } from '../../registry/referrers.ts'
import { repositoryName } from '../authorize.ts'
import type { Handler } from '../exchange.ts'
import { requireDigest } from '../require-name.ts'
import { nextLink, takePage } from './pages.ts'
import { digestParam, pageSize, queryText } from './params.ts'
import type { DistributionParts } from './parts.ts'

/** distribution-spec end-12: an index of what refers to a digest; empty, never 404, when nothing does. */
export function listReferrers({ registry, longLists }: DistributionParts): Handler {
  return async (exchange) => {
    const name = repositoryName(exchange.params)
    const subject = digestParam(exchange)
    const n = pageSize(exchange)
    // containerd repeats the parameter and means any of them.
    const types = exchange.query.getAll('artifactType').filter((type) => type !== '')
    const after = queryText(exchange, 'last')
    const last = after === undefined ? undefined : requireDigest(after)
    const found = referrersOf(registry, { name, subject, types, last })
    const page = await takePage(found, {
      n,
      jsonBytes: (referrer) => Buffer.byteLength(JSON.stringify(referrer)) + 1,
      whenLong: (rest) => longLists(exchange, rest),
    })
    const end = page.items.at(-1)?.digest
    const path = `/v2/${name}/referrers/${subject}`
    return {
      status: 200,
      headers: {
        'content-type': OCI_INDEX,
        ...(types.length > 0 && { 'oci-filters-applied': 'artifactType' }),
        ...(page.more && nextLink(path, { n: n?.toString(), last: end, artifactType: types })),
      },
      body: JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: page.items }),
    }
  }
}
