import { setImmediate } from 'node:timers/promises'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { bodyCodec } from '../records/manifest.ts'
import { imagesOf, parsePlatforms } from './platforms.ts'

/** Bytes of bodies that are read and parsed in one turn of the event loop: those in records have 64 KiB at most. */
const BYTES = 256 << 10

/** The platforms that indexes say; nothing of one so large that its bytes lie elsewhere: it has hundreds. */
export async function platformsOfIndexes(
  metadata: MetadataStore,
  repo: RepositoryId,
  indexes: readonly Digest[],
): Promise<ReadonlyMap<Digest, readonly string[]>> {
  const platforms = new Map<Digest, readonly string[]>()
  for (let at = 0; at < indexes.length; ) {
    const left = indexes.slice(at).map((digest) => keys.body(repo, digest))
    const bodies = await metadata.read(left, BYTES)
    for (const [index, stored] of bodies.entries()) {
      const digest = indexes[at + index]
      const body = stored && bodyCodec.decode(stored.value)
      if (digest === undefined || body?.kind !== 'inline') continue
      const said = imagesOf(parsePlatforms(body.bytes)).flatMap(({ platform }) => platform ?? [])
      platforms.set(digest, [...new Set(said)])
    }
    at += bodies.length
    if (at < indexes.length) await setImmediate()
  }
  return platforms
}
