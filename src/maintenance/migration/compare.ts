import { createHash } from 'node:crypto'
import type { Entry, MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { digestAlgorithm, digestFromBytes } from '../../oci/digest.ts'
import { blobCodec } from '../../records/blob.ts'
import { KINDS, type Kind, keyAfter } from '../../records/keys.ts'
import { bodyCodec } from '../../records/manifest.ts'
import { moves } from '../../records/moving.ts'
import { TupleReader } from '../../records/tuple.ts'
import type { Place } from './place.ts'

const PAGE = 500

/**
 * Walks everything that moves in both places side by side. Gives the first difference as a sentence, undefined when
 * there is none. Blob records count as equal when they speak of as many bytes, which were read back in the target;
 * manifests are hashed. Nothing may be written meanwhile.
 */
export async function findDifference(
  source: Place,
  target: Place,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const { kind, prefix } of KINDS.filter((one) => moves(one.kind))) {
    const there = entriesOf(target.metadata, prefix)
    let next = await there.next()
    for await (const entry of entriesOf(source.metadata, prefix)) {
      signal.throwIfAborted()
      const other = next.value !== undefined && isSameKey(next.value, entry) ? next.value : undefined
      // Quarantined bytes are not copied; a copy made before stays, because it was proven.
      if (other === undefined && isQuarantined(kind, entry)) continue
      const problem = differ(kind, entry, other)
      if (problem !== undefined) return problem
      next = await there.next()
    }
    if (next.value !== undefined) return `the new stores hold a ${kind} record that is not here`
  }
  return undefined
}

function isSameKey(one: Entry, other: Entry): boolean {
  return Buffer.compare(one.key, other.key) === 0
}

function isQuarantined(kind: Kind, { value }: Entry): boolean {
  return kind === 'blob' && blobCodec.decode(value).quarantined !== undefined
}

async function* entriesOf(store: MetadataStore, prefix: Uint8Array): AsyncGenerator<Entry, undefined> {
  let from = prefix
  for (;;) {
    const page = await store.range({ prefix, from, limit: PAGE })
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return undefined
    from = keyAfter(last.key)
  }
}

function differ(kind: Kind, here: Entry, there: Entry | undefined): string | undefined {
  if (there === undefined)
    return kind === 'blob'
      ? `blob ${new TupleReader(here.key).digest()} was not copied`
      : `a ${kind} record is not in the new stores`
  if (kind === 'blob') {
    const [one, other] = [blobCodec.decode(here.value), blobCodec.decode(there.value)]
    return one.size === other.size && other.verified !== undefined ? undefined : `a blob record is not proven`
  }
  if (Buffer.compare(here.value, there.value) !== 0) return `a ${kind} record differs in the new stores`
  return kind === 'body' ? wrongBody(there) : undefined
}

function wrongBody({ key, value }: Entry): string | undefined {
  const body = bodyCodec.decode(value)
  if (body.kind === 'blob') return undefined
  const reader = new TupleReader(key)
  reader.bytes(8)
  const digest = reader.digest()
  const algorithm = digestAlgorithm(digest)
  const hash = createHash(algorithm).update(body.bytes).digest()
  return digestFromBytes(algorithm, hash) === digest
    ? undefined
    : `the stored body of manifest ${digest} has another digest`
}
