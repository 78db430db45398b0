import { randomBytes } from 'node:crypto'
import type { Entry, MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { transact } from '../../../storage/metadata/transact.ts'
import { type Digest, digestFromBytes } from '../../oci/digest.ts'
import { keys } from '../../records/keys.ts'
import {
  INDEX_VERSION,
  type IndexQueueRecord,
  indexQueueCodec,
  layerIndexCodec,
} from '../../records/layer-index.ts'
import { TupleReader } from '../../records/tuple.ts'

const PAGE = 64
/** A claim that nobody renewed for so long belongs to a process that is gone. */
const CLAIM_MS = 60_000
/** Failures that have no other cause than the layer could be, after which it waits no more. */
const ATTEMPTS = 5

export interface QueueParts {
  readonly metadata: MetadataStore
  readonly now: () => number
  /** Names this process among those that share the store. */
  readonly by: string
}

/** Queues a layer, unless it waits already; `again`: also one that has an index. */
export async function enqueue(
  { metadata, now }: Pick<QueueParts, 'metadata' | 'now'>,
  layer: Digest,
  again = false,
): Promise<void> {
  await transact(metadata, async (transaction) => {
    const waiting = await transaction.getChecked(indexQueueCodec, keys.indexQueue(layer))
    if (waiting !== undefined) return
    const known = again ? undefined : await transaction.get(layerIndexCodec, keys.layerIndex(layer))
    if (known?.value.version !== INDEX_VERSION)
      transaction.set(indexQueueCodec, keys.indexQueue(layer), { at: now(), attempts: 0 })
  })
}

/**
 * Claims a layer that waits, or whose process is gone. Looks from a random place on, so that of many processes each
 * finds another one and no layer waits for ever. Undefined: none waits.
 */
export async function claimNext(parts: QueueParts): Promise<Digest | undefined> {
  const start = keys.indexQueue(digestFromBytes('sha256', randomBytes(32)))
  return (await claimFrom(parts, start)) ?? claimFrom(parts, keys.indexQueues())
}

async function claimFrom(parts: QueueParts, from: Uint8Array): Promise<Digest | undefined> {
  const page = await parts.metadata.range({ prefix: keys.indexQueues(), from, limit: PAGE })
  for (const entry of page) {
    if (isFree(indexQueueCodec.decode(entry.value), parts) && (await claim(parts, entry)))
      return new TupleReader(entry.key).digest()
  }
  return undefined
}

function isFree({ claim }: IndexQueueRecord, { now }: QueueParts): boolean {
  return claim === undefined || claim.until < now()
}

function claim(parts: QueueParts, entry: Entry): Promise<boolean> {
  return change(parts, entry.key, (record) => (isFree(record, parts) ? claimed(record, parts, 0) : undefined))
}

function claimed(record: IndexQueueRecord, { by, now }: QueueParts, read: number): IndexQueueRecord {
  return { ...record, claim: { by, until: now() + CLAIM_MS, read } }
}

/** Keeps a claim, and says how many bytes were read. False: it is lost. */
export function renewClaim(parts: QueueParts, layer: Digest, read: number): Promise<boolean> {
  return change(parts, keys.indexQueue(layer), (record) =>
    record.claim?.by === parts.by ? claimed(record, parts, read) : undefined,
  )
}

/** Why a layer is given back: this process ends, what failed would fail for any layer, or only this one may fail so. */
export type GivenBack = 'stopped' | 'for-all' | 'for-this'

/** Gives back a layer that is not indexed; true when it was tried often enough. */
export async function giveBack(parts: QueueParts, layer: Digest, why: GivenBack): Promise<boolean> {
  let exhausted = false
  await change(parts, keys.indexQueue(layer), ({ claim: held, ...record }) => {
    if (held?.by !== parts.by) return undefined
    const attempts = record.attempts + (why === 'for-this' ? 1 : 0)
    exhausted = attempts >= ATTEMPTS
    // A failure waits as long as a lost claim before it is tried again.
    return { ...record, attempts, ...(why !== 'stopped' && { claim: { ...held, by: '' } }) }
  })
  return exhausted
}

/** Changes one record of the queue, as it is now; undefined leaves it. Whether it was changed. */
function change(
  { metadata }: QueueParts,
  key: Uint8Array,
  decide: (record: IndexQueueRecord) => IndexQueueRecord | undefined,
): Promise<boolean> {
  return transact(metadata, async (transaction) => {
    const found = await transaction.getChecked(indexQueueCodec, key)
    const next = found && decide(found.value)
    if (next !== undefined) transaction.set(indexQueueCodec, key, next)
    return next !== undefined
  })
}
