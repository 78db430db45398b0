import { firstReferrers } from '../../registry/referrers.ts'
import { answer } from '../api/answers.ts'
import { nextOf, readPage } from '../api/page.ts'
import type { Handler } from '../exchange.ts'
import { requireDigest } from '../require-name.ts'
import { imageParam } from './params.ts'
import type { InspectHttpParts } from './parts.ts'

/** What is about an image: signatures, bills of materials, attestations. For the page, whose cookie does not count on /v2/. */
export function getReferrers({ metadata, source }: InspectHttpParts): Handler {
  return async ({ query }) => {
    const { name, reference } = imageParam(query.get('ref') ?? '')
    const page = readPage(query)
    const { digest: subject } = await source.manifest(name, reference)
    const last = page.after === undefined ? undefined : requireDigest(page.after)
    const found = await firstReferrers({ metadata }, { name, subject, types: [], last }, page.limit)
    return answer(200, {
      repository: name,
      subject,
      referrers: found.map(({ digest, mediaType, size, artifactType, annotations }) => ({
        digest,
        mediaType,
        size,
        artifactType: artifactType ?? null,
        annotations: annotations ?? {},
      })),
      ...nextOf(found, page, ({ digest }) => digest),
    })
  }
}
