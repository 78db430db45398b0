import { type Badge, drawBadge, sizeText } from '../../inspect/badge.ts'
import { loadImage } from '../../inspect/image.ts'
import { parseImageReference } from '../../oci/image-reference.ts'
import { projectOf, type RepositoryName } from '../../oci/name.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { answer } from '../api/answers.ts'
import type { Exchange, Handler } from '../exchange.ts'
import { textParam } from './params.ts'
import { type InspectHttpParts, mayRead } from './parts.ts'

/**
 * Pages of other sites show badges, and may ask for what anyone may see. RFC 9111 §3.5 keeps answers to an Authorization
 * header out of caches that many share, but not those to a cookie: what somebody signed in for has to say so itself.
 */
function headersFor({ caller }: Exchange): Readonly<Record<string, string>> {
  const whose = caller.identity.kind === 'anonymous' ? '' : 'private, '
  return { 'cache-control': `${whose}max-age=300`, 'access-control-allow-origin': '*' }
}

/** F25: a badge as a picture; one that cannot be told says `unknown`, with 200, since it stands in documents. */
export function getBadgeSvg(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const body = drawBadge(await badgeOf(parts, exchange))
    const security = { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox" }
    return {
      status: 200,
      headers: { ...headersFor(exchange), ...security, 'content-type': 'image/svg+xml' },
      body,
    }
  }
}

/** The same for shields.io, which draws it. */
export function getBadgeJson(parts: InspectHttpParts): Handler {
  return async (exchange) =>
    answer(200, { schemaVersion: 1, ...(await badgeOf(parts, exchange)) }, headersFor(exchange))
}

/** Whoever may pull; and whoever has a key of the repository, which opens nothing else. */
async function mayShow(
  parts: InspectHttpParts,
  exchange: Exchange,
  repository: RepositoryName,
): Promise<boolean> {
  if (await mayRead(parts, exchange)(projectOf(repository))) return true
  const key = textParam(exchange, 'key')
  return key !== undefined && parts.badges.opens(key, repository)
}

async function badgeOf(parts: InspectHttpParts, exchange: Exchange): Promise<Badge> {
  const metric = exchange.query.get('metric') ?? 'size'
  const label = textParam(exchange, 'label') ?? (metric === 'layers' ? 'layers' : 'image size')
  const unknown: Badge = { label, message: 'unknown', color: 'lightgrey' }
  const ref = parseImageReference(exchange.query.get('ref') ?? '')
  if (ref === undefined || !(await mayShow(parts, exchange, ref.name))) return unknown
  try {
    const { manifest } = await loadImage(parts.source, ref, textParam(exchange, 'platform'))
    const size = manifest.layers.reduce((sum, layer) => sum + layer.size, 0)
    const layers = manifest.layers.length
    const both = `${sizeText(size)} / ${layers} ${layers === 1 ? 'layer' : 'layers'}`
    const messages = new Map([
      ['layers', String(layers)],
      ['bytes', sizeText(size)],
    ])
    return { label, message: messages.get(metric) ?? both, color: 'blue' }
  } catch (error) {
    if (error instanceof RegistryError && error.status < 500) return unknown
    throw error
  }
}
