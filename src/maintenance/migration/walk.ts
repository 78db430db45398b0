import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import type { Digest } from '../../oci/digest.ts'
import { KINDS, keyAfter, keys } from '../../records/keys.ts'
import { outboxCodec } from '../../records/migration.ts'
import { moves } from '../../records/moving.ts'
import { moveKeys } from './move-records.ts'
import type { MoveParts } from './place.ts'

/** Records, or entries of the outbox, that are worked off at once: manifests' bodies are up to 64 KiB each. */
export const PAGE = 200

/** Behind every key. */
export const WALKED: Uint8Array = Uint8Array.of(0xff)

/**
 * Moves everything behind `cursor` that was there at version `newest`, in the order of the keys; tells `onPage` how far it
 * is. What is newer is in the outbox: moved here too, pushes that outrun the copy would never let it end.
 */
export async function walk(
  parts: MoveParts,
  from: {
    readonly cursor: Uint8Array | undefined
    readonly newest: bigint
    readonly damaged: Set<Digest>
    readonly signal: AbortSignal
  },
  onPage: (cursor: Uint8Array) => Promise<void>,
): Promise<void> {
  const { cursor = Uint8Array.of(), newest, damaged, signal } = from
  for (const { kind, prefix } of KINDS) {
    if (!moves(kind)) continue
    let next = Buffer.compare(cursor, prefix) > 0 ? keyAfter(cursor) : prefix
    while (startsWith(next, prefix)) {
      signal.throwIfAborted()
      const page = await parts.source.metadata.range({ prefix, from: next, limit: PAGE })
      const last = page.at(-1)
      if (last === undefined) break
      await moveKeys(
        parts,
        page.filter(({ version }) => version <= newest).map(({ key }) => key),
        damaged,
      )
      await onPage(last.key)
      next = keyAfter(last.key)
    }
  }
  await onPage(WALKED)
}

function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return Buffer.compare(key.subarray(0, prefix.length), prefix) === 0
}

/** Moves what the outbox names and takes the entries away; gives how many there were, at most a page. */
export async function drainPage(parts: MoveParts, damaged: Set<Digest>): Promise<number> {
  const { metadata } = parts.source
  const entries = await metadata.range({ prefix: keys.allOutbox(), limit: PAGE })
  const changed = new Set(entries.flatMap(({ value }) => outboxCodec.decode(value).keys))
  await moveKeys(
    parts,
    [...changed].map((key) => Buffer.from(key, 'base64')),
    damaged,
  )
  // What the keys hold was read after their entries: a change that came later has an entry of its own.
  await forgetOutbox(
    metadata,
    entries.map(({ key }) => key),
  )
  return entries.length
}

/** Works off all of the outbox. */
export async function drainAll(parts: MoveParts, damaged: Set<Digest>, signal?: AbortSignal): Promise<void> {
  while ((await drainPage(parts, damaged)) > 0) signal?.throwIfAborted()
}

/** Throws away the outbox when nobody follows any more. */
export async function clearOutbox(metadata: MetadataStore): Promise<void> {
  for (;;) {
    const entries = await metadata.range({ prefix: keys.allOutbox(), limit: PAGE })
    if (entries.length === 0) return
    await forgetOutbox(
      metadata,
      entries.map(({ key }) => key),
    )
  }
}

async function forgetOutbox(metadata: MetadataStore, deletes: readonly Uint8Array[]): Promise<void> {
  if (deletes.length > 0) await metadata.commit({ checks: [], sets: [], deletes })
}
