import { transact } from '../../storage/metadata/transact.ts'
import type { Digest } from '../oci/digest.ts'
import { blobCodec, damagedCodec } from '../records/blob.ts'
import { keyAfter, keys } from '../records/keys.ts'
import { readHolderKey } from '../records/read-key.ts'
import { TupleReader } from '../records/tuple.ts'
import type { Damage, RegistryParts } from './parts.ts'

/**
 * Answers a blob as absent from now on, so that clients send it again and thereby heal it. Checks the blob's version,
 * and its location: bytes that a push has replaced meanwhile are not its bytes any more. False: nothing was to do.
 */
export async function quarantine(parts: RegistryParts, damage: Damage): Promise<boolean> {
  const { sha256, location, why } = damage
  const done = await transact(parts.metadata, async (transaction) => {
    const blob = await transaction.getChecked(blobCodec, keys.blob(sha256))
    if (blob?.value.location !== location || blob.value.quarantined !== undefined) return false
    const at = parts.now()
    transaction.set(blobCodec, blob.key, { ...blob.value, quarantined: at })
    transaction.set(damagedCodec, keys.damaged(sha256), { location, size: blob.value.size, at, why })
    return true
  })
  if (!done) return false
  parts.meter.quarantined += 1
  parts.onDamage(damage)
  return true
}

/** Notes that the bytes at a blob's location were read and are right; ends its quarantine, if it was in one. */
export function confirmBytes(parts: RegistryParts, sha256: Digest, location: string): Promise<boolean> {
  return transact(parts.metadata, async (transaction) => {
    const blob = await transaction.getChecked(blobCodec, keys.blob(sha256))
    if (blob?.value.location !== location) return false
    const { quarantined, ...healthy } = blob.value
    transaction.set(blobCodec, blob.key, { ...healthy, verified: parts.now() })
    if (quarantined !== undefined) transaction.delete(keys.damaged(sha256))
    return true
  })
}

/** A quarantined blob, with the projects that hold it. */
export interface DamagedBlob extends Damage {
  readonly size: number
  readonly at: number
  readonly projects: readonly string[]
}

/** Quarantined blobs in order of digest, behind `after` if given. */
export async function listDamaged(
  parts: Pick<RegistryParts, 'metadata'>,
  page: { readonly after: Digest | undefined; readonly limit: number },
): Promise<DamagedBlob[]> {
  const prefix = keys.allDamaged()
  const from = page.after === undefined ? prefix : keyAfter(keys.damaged(page.after))
  const entries = await parts.metadata.range({ prefix, from, limit: page.limit })
  return Promise.all(
    entries.map(async ({ key, value }) => {
      const sha256 = new TupleReader(key).digest()
      return { sha256, ...damagedCodec.decode(value), projects: await projectsHolding(parts, sha256) }
    }),
  )
}

/** Holders looked at, at most: enough to know whom to tell. */
const HOLDERS = 200

async function projectsHolding(parts: Pick<RegistryParts, 'metadata'>, sha256: Digest): Promise<string[]> {
  const holders = await parts.metadata.range({ prefix: keys.holders(sha256), limit: HOLDERS })
  return [...new Set(holders.map(({ key }) => readHolderKey(key).project))]
}
