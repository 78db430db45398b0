import type { Digest } from '../../oci/digest.ts'
import { type BlobRecord, blobCodec } from '../../records/blob.ts'
import { keys, kindOf } from '../../records/keys.ts'
import { arrivalCodec } from '../../records/migration.ts'
import { trashCodec } from '../../records/review.ts'
import { TupleReader } from '../../records/tuple.ts'
import { eachOf } from '../side-by-side.ts'
import { copyBlob } from './copy-blob.ts'
import type { MoveParts } from './place.ts'

/**
 * Blobs that are copied at the same time: a small one waits for a dozen answers of the database and S3, one after the
 * other. The S3 store bounds the memory of large ones.
 */
const COPIES = 16
/** How long bytes of a blob that was removed meanwhile stay in the target's trash, in milliseconds. */
const TRASH_DELAY = 3_600_000

/** What one commit to the target changes. */
interface Changes {
  readonly sets: { key: Uint8Array; value: Uint8Array }[]
  readonly deletes: Uint8Array[]
}

/**
 * Makes the target hold under each key what the source holds now, or nothing. The same keys can be moved any number
 * of times and in any order. Blobs whose bytes are wrong in the source are left out and named in `damaged`.
 * Rejects with TargetTaken when the target is not ours any more.
 */
export async function moveKeys(
  parts: MoveParts,
  wanted: readonly Uint8Array[],
  damaged: Set<Digest>,
): Promise<void> {
  const blobs = wanted.filter((key) => kindOf(key) === 'blob')
  // When one fails the others end first: the stores are closed then, or filled by the next try.
  await eachOf(blobs, COPIES, (key) => moveBlob(parts, key, damaged))
  const others = wanted.filter((key) => kindOf(key) !== 'blob')
  const stored = await parts.source.metadata.read(others)
  const changes: Changes = { sets: [], deletes: [] }
  for (const [index, key] of others.entries()) {
    const value = stored[index]?.value
    if (value === undefined || (await isOfProven(parts, key))) changes.deletes.push(key)
    else changes.sets.push({ key, value })
  }
  await commitToTarget(parts, changes)
  parts.progress.records += wanted.length
}

/** A note of damage, where the target has bytes that were proven: a copy that was made before the damage. */
async function isOfProven({ target }: MoveParts, key: Uint8Array): Promise<boolean> {
  if (kindOf(key) !== 'damaged') return false
  const [blob] = await target.metadata.read([keys.blob(new TupleReader(key).digest())])
  return blob === undefined || blobCodec.decode(blob.value).quarantined === undefined
}

/** Each blob has a commit of its own: a move that is cut does not copy it again. */
async function moveBlob(parts: MoveParts, key: Uint8Array, damaged: Set<Digest>): Promise<void> {
  const sha256 = new TupleReader(key).digest()
  const [here] = await parts.source.metadata.read([key])
  const [there] = await parts.target.metadata.read([key])
  const blob = here && blobCodec.decode(here.value)
  const known = there && blobCodec.decode(there.value)
  const copied = known?.quarantined === undefined ? known : undefined
  damaged.delete(sha256)
  if (here === undefined || blob === undefined) {
    if (known !== undefined) await commitToTarget(parts, removal(parts, key, copied))
  } else if (copied !== undefined)
    await commitToTarget(parts, {
      sets: [{ key, value: recordAt(parts, blob, copied.location) }],
      deletes: [],
    })
  // Its bytes are not copied: as after a restore, who pushes it again heals it.
  else if (blob.quarantined !== undefined)
    await commitToTarget(parts, { sets: [{ key, value: here.value }], deletes: [] })
  else if (!(await copyInto(parts, { key, sha256, blob }))) {
    // Gone or replaced while it was read: that change has its own entry in the outbox. Unchanged: it is damaged.
    const [now] = await parts.source.metadata.read([key])
    if (now?.version === here.version) damaged.add(sha256)
  }
}

/** False: the source has not the bytes that its record speaks of. */
async function copyInto(
  parts: MoveParts,
  { key, sha256, blob }: { readonly key: Uint8Array; readonly sha256: Digest; readonly blob: BlobRecord },
): Promise<boolean> {
  const copy = await copyBlob(parts, sha256, blob)
  if (copy === undefined) return false
  const value = recordAt(parts, blob, copy.location)
  await commitToTarget(parts, { sets: [{ key, value }], deletes: [copy.session] })
  return true
}

/** The blob was removed in the source after it was copied; undefined: it had no bytes to copy. */
function removal({ now }: MoveParts, key: Uint8Array, copied: BlobRecord | undefined): Changes {
  if (copied === undefined) return { sets: [], deletes: [key] }
  const value = trashCodec.encode({ at: now() })
  return { sets: [{ key: keys.trash(now() + TRASH_DELAY, copied.location), value }], deletes: [key] }
}

/** The source's record as it is true in the target, where the bytes were read back and proven. */
function recordAt({ now }: MoveParts, blob: BlobRecord, location: string): Uint8Array {
  const { size, created, aliases } = blob
  return blobCodec.encode({ size, created, location, verified: now(), ...(aliases && { aliases }) })
}

/** Relies on the target being ours still: once a registry has started there, nothing of this move may reach it. */
async function commitToTarget({ target, id }: MoveParts, { sets, deletes }: Changes): Promise<void> {
  const key = keys.migration('target')
  const [mark] = await target.metadata.read([key])
  if (mark === undefined || arrivalCodec.decode(mark.value).id !== id) throw new TargetTaken()
  if (sets.length + deletes.length === 0) return
  await target.metadata.commit({ checks: [{ kind: 'version', key, version: mark.version }], sets, deletes })
}

/** The target is not being filled by this move any more: a registry serves from it, or someone emptied it. */
export class TargetTaken extends Error {
  override readonly name = 'TargetTaken'

  constructor() {
    super(
      'the new stores are not being filled by this move any more: a registry runs on them, or they were emptied',
    )
  }
}
