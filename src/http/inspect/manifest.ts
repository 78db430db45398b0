import { isUtf8 } from 'node:buffer'
import type { SourceManifest } from '../../inspect/image-source.ts'
import { type PlatformEntry, parsePlatforms } from '../../inspect/platforms.ts'
import { readTotals } from '../../inspect/totals.ts'
import { manifestKind } from '../../oci/media-type.ts'
import { answer } from '../api/answers.ts'
import type { Exchange, Handler, Reply } from '../exchange.ts'
import { pinnedBy, unchanged } from './caching.ts'
import { imageParam } from './params.ts'
import type { InspectHttpParts } from './parts.ts'

/** F26: a manifest's JSON with what names it. */
export function getRaw({ source }: InspectHttpParts): Handler {
  return async (exchange) => {
    const { digest, mediaType, bytes } = await manifestOf(source, exchange)
    const { name, reference } = imageParam(exchange.query.get('ref') ?? '')
    const cache = reference.kind === 'digest' ? pinnedBy([name, digest, mediaType]) : undefined
    if (cache !== undefined && unchanged(exchange, cache)) return { status: 304, headers: cache }
    const about = answer(200, { repository: name, digest, mediaType, size: bytes.length }, cache)
    return { ...about, body: withManifest(about.body, bytes) }
  }
}

/** The manifest is JSON already: to read megabytes of it and write them again would hold up everybody. */
function withManifest(about: Reply['body'], manifest: Uint8Array): Buffer {
  if (typeof about !== 'string') throw new TypeError('what is said of a manifest is JSON')
  const text = isUtf8(manifest) ? manifest : Buffer.from(Buffer.from(manifest).toString())
  return Buffer.concat([Buffer.from(`${about.slice(0, -1)},"manifest":`), text, Buffer.from('}')])
}

/** F22: what an index holds; of an image, the one platform that it is. */
export function getIndex(parts: InspectHttpParts): Handler {
  return async (exchange) => {
    const found = await manifestOf(parts.source, exchange)
    const entries = manifestKind(found.mediaType) === 'index' ? parsePlatforms(found.bytes) : [itself(found)]
    const totals = await readTotals(parts, nameIn(exchange), entries)
    return answer(200, {
      repository: nameIn(exchange),
      digest: found.digest,
      mediaType: found.mediaType,
      manifests: entries.map((entry, at) => ({
        ...showEntry(entry),
        layers: totals.images[at]?.layers ?? null,
        totalSize: totals.images[at]?.bytes ?? null,
      })),
      totals: { sumBytes: totals.sumBytes, uniqueBytes: totals.uniqueBytes },
    })
  }
}

function itself({ digest, mediaType, bytes }: SourceManifest): PlatformEntry {
  return {
    digest,
    mediaType,
    size: bytes.length,
    platform: undefined,
    artifactType: undefined,
    attests: undefined,
  }
}

function showEntry({ digest, mediaType, size, platform, artifactType, attests }: PlatformEntry) {
  return {
    digest,
    mediaType,
    size,
    platform: platform ?? null,
    artifactType: artifactType ?? null,
    attests: attests ?? null,
  }
}

function nameIn({ query }: Exchange) {
  return imageParam(query.get('ref') ?? '').name
}

function manifestOf(source: InspectHttpParts['source'], { query }: Exchange): Promise<SourceManifest> {
  const { name, reference } = imageParam(query.get('ref') ?? '')
  return source.manifest(name, reference)
}
