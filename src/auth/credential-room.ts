import { type Entry, RANGE_CHECK_LIMIT } from '../../storage/metadata/metadata-store.ts'
import type { Transaction } from '../../storage/metadata/transact.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { type CredentialKind, credentialCodec, credentialOfCodec } from '../records/credential.ts'
import { keys } from '../records/keys.ts'

/** Secrets that one owner may have. */
export const CREDENTIAL_LIMIT = 200

/** A login that was used within so many milliseconds may be that of a build that runs now. */
const IN_USE = 86_400_000

/** A stored hash as bytes, for its key. */
export function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex')
}

/**
 * Old refresh tokens make room for new ones, since every docker login adds one, unless they are in use; people revoke
 * their own tokens. The commit checks that these are all, also of many that are made at once: they have to go with their
 * owner, whose record has the key `ownerKey`. Throws CONFLICT when there is no room.
 */
export async function makeRoom(
  transaction: Transaction,
  made: { readonly owner: string; readonly kind: CredentialKind },
  { ownerKey, now }: { readonly ownerKey: Uint8Array; readonly now: number },
): Promise<void> {
  // The key of a service account is made with it, and is the only one.
  if (made.kind === 'account') return
  const entries = await allOf(transaction, made.owner, ownerKey)
  const all = entries.map((entry) => ({ key: entry.key, ...credentialOfCodec.decode(entry.value) }))
  const refresh = all.filter((entry) => entry.kind === 'refresh')
  const most = made.kind === 'refresh' ? CREDENTIAL_LIMIT / 2 : CREDENTIAL_LIMIT
  if (all.length < CREDENTIAL_LIMIT && refresh.length < most) return
  const records = await transaction.getMany(
    credentialCodec,
    refresh.map((entry) => keys.credential(bytesOf(entry.hash))),
  )
  const lastUse = (index: number) => records[index]?.used ?? records[index]?.created ?? 0
  const [oldest] = refresh.map((entry, index) => ({ entry, at: lastUse(index) })).sort((a, b) => a.at - b.at)
  if (oldest === undefined || (made.kind === 'refresh' && now - oldest.at < IN_USE)) throw tooMany(all.length)
  transaction.delete(oldest.entry.key)
  transaction.delete(keys.credential(bytesOf(oldest.entry.hash)))
}

/** The reverse records of an owner's secrets; the commit checks that there are no others. Throws CONFLICT. */
export async function allOf(transaction: Transaction, owner: string, ownerKey: Uint8Array): Promise<Entry[]> {
  const entries = await transaction.wholeRange(ownerKey, keys.credentialsOf(owner))
  if (entries === undefined) throw tooMany(RANGE_CHECK_LIMIT)
  return entries
}

function tooMany(there: number): RegistryError {
  return new RegistryError('CONFLICT', {
    message: `there are ${there} tokens already; revoke one that is not needed`,
  })
}
