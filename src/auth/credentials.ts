import { randomBytes } from 'node:crypto'
import { type MetadataStore, RANGE_CHECK_LIMIT } from '../../storage/metadata/metadata-store.ts'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import { NoSpace, StoreUnavailable } from '../../storage/store-errors.ts'
import { RegistryError } from '../oci/registry-error.ts'
import {
  type CredentialKind,
  type CredentialRecord,
  credentialCodec,
  credentialOfCodec,
} from '../records/credential.ts'
import { keys } from '../records/keys.ts'
import { allOf, bytesOf, makeRoom } from './credential-room.ts'
import { type Identity, identityOf } from './identity.ts'
import { hashSecret, makeSecret } from './secrets.ts'
import { currentIdentity, ownKey } from './standing.ts'

/** "Last used" is written at most this often, in milliseconds. */
const USED_GRAIN = 3_600_000
/** A refresh token ends so long after its last use, in milliseconds. */
export const REFRESH_LIFE = 90 * 86_400_000

interface NewCredential {
  readonly kind: CredentialKind
  /** As accountOf writes it. */
  readonly owner: string
  readonly name: string
  /** Milliseconds since 1970. */
  readonly expires?: number | undefined
  /** The credential (hash in hex) of who asks: the new one ends with it. */
  readonly parent?: string | undefined
}

/** What lists show: never the secret, which nobody knows. */
export type CredentialSummary = Omit<CredentialRecord, 'owner' | 'parent'>

export interface Known {
  readonly identity: Identity
  readonly kind: CredentialKind
  /** The secret's hash in hex. */
  readonly hash: string
}

/** Personal tokens, keys of service accounts and refresh tokens: made, found, listed, revoked. */
export interface Credentials {
  /**
   * Adds a secret within someone's transaction, which also writes or checks the owner's record: who deletes an owner
   * checks the range of its secrets. The secret is to be shown once. Throws CONFLICT beyond CREDENTIAL_LIMIT.
   */
  issue(transaction: Transaction, made: NewCredential): Promise<{ id: string; secret: string }>
  /**
   * Adds a secret for an owner that exists. Throws as issue does, UNAUTHORIZED when the owner or the parent is gone, and
   * DENIED for a parent that has one itself.
   */
  create(made: NewCredential): Promise<{ id: string; secret: string; expires: number | undefined }>
  /** Whose secret this is, if it is of one of `kinds`, not over, and its owner still there. */
  find(secret: string, kinds: readonly CredentialKind[]): Promise<Known | undefined>
  /** In the order of their ids. */
  list(owner: string): Promise<CredentialSummary[]>
  /** Those that were made with it go, too. Throws NAME_UNKNOWN when this owner has no such secret. */
  revoke(owner: string, id: string): Promise<void>
  /** Removes all secrets of an owner (of one kind, if given) within someone's transaction. */
  revokeAll(transaction: Transaction, owner: string, kind?: CredentialKind): Promise<void>
}

export function createCredentials(parts: {
  readonly metadata: MetadataStore
  readonly now: () => number
}): Credentials {
  const { metadata, now } = parts
  const issue: Credentials['issue'] = async (transaction, made) => {
    await makeRoom(transaction, made, { ownerKey: ownerKey(made.owner), now: now() })
    const secret = makeSecret()
    const hash = hashSecret(secret)
    const id = randomBytes(8).toString('hex')
    transaction.set(credentialCodec, keys.credential(hash), { ...made, id, created: now() })
    transaction.set(credentialOfCodec, keys.credentialOf(made.owner, id), {
      hash: hash.toString('hex'),
      kind: made.kind,
    })
    return { id, secret }
  }
  return {
    issue,
    create: (made) =>
      transact(metadata, async (transaction) => {
        const owner = ownerKey(made.owner)
        const [there] = await transaction.present([owner])
        if (there !== true) throw new RegistryError('UNAUTHORIZED', { message: 'the account is gone' })
        transaction.checkExists(owner)
        const expires = await endWithin(transaction, made, now())
        return { ...(await issue(transaction, { ...made, expires })), expires }
      }),
    find: async (secret, kinds) => {
      const hash = hashSecret(secret)
      const [row] = await metadata.read([keys.credential(hash)])
      const record = row && credentialCodec.decode(row.value)
      if (record === undefined || !kinds.includes(record.kind) || isOver(record, now())) return undefined
      const identity = await identify(metadata, record, now())
      if (identity === undefined) return undefined
      await noteUse(metadata, hash, now())
      return { identity, kind: record.kind, hash: hash.toString('hex') }
    },
    list: async (owner) => {
      const entries = await metadata.range({ prefix: keys.credentialsOf(owner), limit: RANGE_CHECK_LIMIT })
      const hashes = entries.map((entry) =>
        keys.credential(bytesOf(credentialOfCodec.decode(entry.value).hash)),
      )
      const rows = await metadata.read(hashes)
      return rows.flatMap((row) => (row === undefined ? [] : [summary(credentialCodec.decode(row.value))]))
    },
    revoke: (owner, id) => transact(metadata, (transaction) => revokeOne(transaction, owner, id)),
    revokeAll: (transaction, owner, kind) => revokeAll(transaction, owner, kind),
  }
}

function summary(record: CredentialRecord): CredentialSummary {
  const { owner: _owner, parent: _parent, ...shown } = record
  return shown
}

function isOver(record: CredentialRecord, now: number): boolean {
  return record.expires !== undefined && record.expires <= now
}

function ownerKey(owner: string): Uint8Array {
  const identity = identityOf(owner)
  const key = identity && ownKey(identity)
  if (key === undefined) throw new TypeError(`'${owner}' is no account that can have secrets`)
  return key
}

/**
 * When a new credential ends: no later than the one that it is made with, which is there when it is stored. Whoever finds
 * a token must not be able to keep what it opens. One step is all: nobody has to look along a chain.
 */
async function endWithin(
  transaction: Transaction,
  { expires, parent }: NewCredential,
  now: number,
): Promise<number | undefined> {
  if (parent === undefined) return expires
  const found = await transaction.getChecked(credentialCodec, keys.credential(bytesOf(parent)))
  if (found === undefined || isOver(found.value, now))
    throw new RegistryError('UNAUTHORIZED', { message: 'the token that asks is over or was revoked' })
  if (found.value.parent !== undefined)
    throw new RegistryError('DENIED', {
      message:
        'a token that was made with another token makes no further ones; use that one, or sign in with the password',
    })
  const ends = [expires, found.value.expires].filter((end) => end !== undefined)
  return ends.length === 0 ? undefined : Math.min(...ends)
}

/** The owner as its record says now; undefined when it, or the credential that this one hangs on, is gone. */
async function identify(
  metadata: MetadataStore,
  record: CredentialRecord,
  now: number,
): Promise<Identity | undefined> {
  const identity = identityOf(record.owner)
  if (identity === undefined) return undefined
  const parent = record.parent === undefined ? [] : [keys.credential(bytesOf(record.parent))]
  const [row, parentRow] = await metadata.read([ownerKey(record.owner), ...parent])
  const parentRecord = parentRow && credentialCodec.decode(parentRow.value)
  if (record.parent !== undefined && (parentRecord === undefined || isOver(parentRecord, now)))
    return undefined
  // Nothing is asked of when they were made: the commit that removes an owner takes all of its secrets along.
  return currentIdentity({ identity, at: now }, row)
}

/** Writes "last used", to the hour, and so renews a refresh token. A login does not fail because of it: the disk may be full. */
async function noteUse(metadata: MetadataStore, hash: Uint8Array, now: number): Promise<void> {
  const note = async (transaction: Transaction) => {
    const found = await transaction.getChecked(credentialCodec, keys.credential(hash))
    if (found === undefined || now - (found.value.used ?? 0) < USED_GRAIN) return
    const renewed = found.value.kind === 'refresh' ? { expires: now + REFRESH_LIFE } : {}
    transaction.set(credentialCodec, found.key, { ...found.value, used: now, ...renewed })
  }
  try {
    await transact(metadata, note)
  } catch (error) {
    if (!(error instanceof NoSpace) && !(error instanceof StoreUnavailable)) throw error
  }
}

async function revokeOne(transaction: Transaction, owner: string, id: string): Promise<void> {
  const found = /^[0-9a-f]{16}$/.test(id)
    ? await transaction.getChecked(credentialOfCodec, keys.credentialOf(owner, id))
    : undefined
  if (found === undefined)
    throw new RegistryError('NAME_UNKNOWN', {
      message: `you have no token '${id.slice(0, 64)}'; list them to see their ids`,
    })
  drop(transaction, found.key, found.value.hash)
  // Those that come meanwhile are good for nothing either: find looks for the parent. So this refuses nobody who has very many.
  const others = await transaction.range({ prefix: keys.credentialsOf(owner), limit: RANGE_CHECK_LIMIT })
  const hashes = others.map(({ value }) => credentialOfCodec.decode(value).hash)
  const records = await transaction.getMany(
    credentialCodec,
    hashes.map((hash) => keys.credential(bytesOf(hash))),
  )
  for (const [index, { key }] of others.entries())
    if (records[index]?.parent === found.value.hash) drop(transaction, key, hashes[index] ?? '')
}

function drop(transaction: Transaction, key: Uint8Array, hash: string): void {
  transaction.delete(key)
  transaction.delete(keys.credential(bytesOf(hash)))
}

async function revokeAll(transaction: Transaction, owner: string, kind?: CredentialKind): Promise<void> {
  for (const entry of await allOf(transaction, owner, ownerKey(owner))) {
    const record = credentialOfCodec.decode(entry.value)
    if (kind !== undefined && record.kind !== kind) continue
    drop(transaction, entry.key, record.hash)
  }
}
