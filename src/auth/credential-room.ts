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
 * their own tokens. Throws CONFLICT when there are only such.
 */
export async function makeRoom(
  transaction: Transaction,
  made: { readonly owner: string; readonly kind: CredentialKind },
  now: number,
): Promise<void> {
  const entries = await transaction.range({ prefix: keys.credentialsOf(made.owner), limit: CREDENTIAL_LIMIT })
  const all = entries.map((entry) => ({ key: entry.key, ...credentialOfCodec.decode(entry.value) }))
  const refresh = all.filter((entry) => entry.kind === 'refresh')
  const crowded =
    made.kind === 'refresh' ? refresh.length >= CREDENTIAL_LIMIT / 2 : all.length >= CREDENTIAL_LIMIT
  if (!crowded) return
  const records = await transaction.getMany(
    credentialCodec,
    refresh.map((entry) => keys.credential(bytesOf(entry.hash))),
  )
  const lastUse = (index: number) => records[index]?.used ?? records[index]?.created ?? 0
  const [oldest] = refresh.map((entry, index) => ({ entry, at: lastUse(index) })).sort((a, b) => a.at - b.at)
  if (oldest === undefined || (made.kind === 'refresh' && now - oldest.at < IN_USE))
    throw new RegistryError('CONFLICT', {
      message: `there are ${all.length} tokens already; revoke one that is not needed`,
    })
  transaction.delete(oldest.entry.key)
  transaction.delete(keys.credential(bytesOf(oldest.entry.hash)))
}
