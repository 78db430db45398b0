import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import { keys } from '../records/keys.ts'
import { publicJwk, type SigningKeyRecord, signingKeyCodec } from '../records/signing-key.ts'
import { TupleReader } from '../records/tuple.ts'
import { KnownKeys } from './known-keys.ts'
import { seal, unseal } from './sealing.ts'

/**
 * How long a retired key still verifies, in milliseconds: an upload lives a week and goes on with an expired token.
 * @internal
 */
export const KEEP_RETIRED = 7 * 86_400_000

export interface SigningKey {
  readonly kid: string
  /** The first part of every token that this key signed, byte for byte. */
  readonly header: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
  /** When it stopped signing, in milliseconds. */
  readonly retired: number | undefined
}

export interface SigningKeys {
  /**
   * The key that signs now; makes the first one, and seals those that were stored without a secret. Throws WrongSecret when
   * stored keys cannot be unsealed.
   */
  current(): Promise<SigningKey>
  /** The key whose tokens begin with `header`, also one that another replica made a moment ago. */
  byHeader(header: string): Promise<SigningKey | undefined>
  /** Whether the key is there: false within seconds of its revocation, by whichever replica. */
  holds(kid: string): Promise<boolean>
  /** The public keys, for /.well-known/jwks.json. */
  published(): Promise<Readonly<Record<string, string>>[]>
  /**
   * Makes a new key that signs from now on; gives its id. Tokens of older keys stay valid until they end, and good for
   * running uploads a week longer. With `revoke` older keys are dropped and all their tokens with them.
   */
  rotate(options?: { readonly revoke?: boolean }): Promise<string>
}

export function createSigningKeys(parts: {
  readonly metadata: MetadataStore
  /** Seals private keys in the store; undefined: they are stored as they are. */
  readonly secret: string | undefined
  readonly now: () => number
  /** Told why keys that were stored without a secret stay as they are, with what that means. */
  readonly onError?: ((error: unknown, what: string) => void) | undefined
}): SigningKeys {
  const { metadata, secret, now, onError } = parts
  const known = new KnownKeys<SigningKey>(async (before) => {
    const records = await storedKeys(metadata)
    return records
      .filter(({ record }) => record.retired === undefined || record.retired + KEEP_RETIRED > now())
      .map(({ record }) => before.find((key) => isSame(key, record)) ?? openKey(record, secret))
  }, now)
  const rotate = async (change: (transaction: Transaction) => Promise<string>): Promise<string> => {
    const kid = await transact(metadata, change)
    await known.load()
    return kid
  }

  /** Once, of keys that were made before there was a secret. A store that takes no writes now has them at a later start. */
  let sealing: Promise<void> | undefined
  const sealOnce = (): Promise<void> =>
    (sealing ??=
      secret === undefined
        ? Promise.resolve()
        : transact(metadata, (transaction) => sealStored(transaction, secret)).catch((error: unknown) =>
            onError?.(error, UNSEALED),
          ))

  return {
    current: async () => {
      await sealOnce()
      await known.refresh()
      if (active(known.keys) === undefined)
        await rotate((transaction) => addKey(transaction, { kind: 'first', secret, now: now() }))
      const key = active(known.keys)
      if (key === undefined) throw new Error('there is no signing key although one was just made')
      return key
    },
    byHeader: async (header) => {
      const found = () => known.keys.find((key) => key.header === header)
      await known.refresh()
      if (found() === undefined) await known.reread()
      return found()
    },
    holds: async (kid) => {
      await known.refresh()
      return known.keys.some((key) => key.kid === kid)
    },
    published: async () => {
      await known.refresh()
      return known.keys.map((key) => ({
        ...publicPart(key.publicKey),
        kid: key.kid,
        alg: 'ES256',
        use: 'sig',
      }))
    },
    rotate: ({ revoke = false } = {}) =>
      rotate((transaction) => addKey(transaction, { kind: revoke ? 'revoke' : 'next', secret, now: now() })),
  }
}

const UNSEALED =
  'the signing keys that were stored before there was a LAMINA_SECRET could not be sealed with it: whoever reads the database or a backup can use them; start again when the database takes writes'

function active(known: readonly SigningKey[]): SigningKey | undefined {
  return known.findLast((key) => key.retired === undefined)
}

function isSame(key: SigningKey, record: SigningKeyRecord): boolean {
  return key.kid === record.kid && key.retired === record.retired
}

/** All keys in the order in which they were made. */
async function storedKeys(store: Pick<MetadataStore, 'range'>) {
  const entries = await store.range({ prefix: keys.signingKeys(), limit: 1000 })
  return entries.map((entry) => ({
    key: entry.key,
    id: new TupleReader(entry.key).text(),
    version: entry.version,
    record: signingKeyCodec.decode(entry.value),
  }))
}

async function sealStored(transaction: Transaction, secret: string): Promise<void> {
  for (const { key, version, record } of await storedKeys(transaction)) {
    const { kid, private: stored } = record
    if (stored.kind === 'sealed') continue
    transaction.checkVersion(key, version)
    transaction.set(signingKeyCodec, key, { ...record, private: seal(stored.d, kid, secret) })
  }
}

/** How a key is added. `first`: only if none signs; `revoke`: in place of all others. */
interface Adding {
  readonly kind: 'first' | 'next' | 'revoke'
  readonly secret: string | undefined
  readonly now: number
}

async function addKey(transaction: Transaction, { kind, secret, now }: Adding): Promise<string> {
  // Read once: what decides whether a key is missing also decides the next id, which the commit checks.
  const stored = await storedKeys(transaction)
  const signing = stored.findLast(({ record }) => record.retired === undefined)
  if (kind === 'first' && signing !== undefined) return signing.record.kid
  for (const { key, version, record } of stored) {
    const over = record.retired !== undefined && record.retired + KEEP_RETIRED <= now
    if (record.retired !== undefined && !over && kind !== 'revoke') continue
    transaction.checkVersion(key, version)
    if (over || kind === 'revoke') transaction.delete(key)
    else transaction.set(signingKeyCodec, key, { ...record, retired: now })
  }
  const made = await makeKey(secret, now)
  // Ids count on, and the commit checks that the next one is free: of two replicas one makes the key.
  const next = String(Number(stored.at(-1)?.id ?? '0') + 1).padStart(8, '0')
  transaction.checkVersion(keys.signingKey(next), undefined)
  transaction.set(signingKeyCodec, keys.signingKey(next), made)
  return made.kid
}

async function makeKey(secret: string | undefined, now: number): Promise<SigningKeyRecord> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { d } = privateKey.export({ format: 'jwk' })
  if (d === undefined) throw new Error('the new signing key has no private part')
  const jwk = publicPart(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  return { kid, created: now, public: jwk, private: seal(d, kid, secret) }
}

function publicPart(publicKey: KeyObject) {
  return publicJwk.parse(publicKey.export({ format: 'jwk' }))
}

function openKey(record: SigningKeyRecord, secret: string | undefined): SigningKey {
  const { kid, retired } = record
  const header = Buffer.from(JSON.stringify(tokenHeader(kid))).toString('base64url')
  const publicKey = createPublicKey({ key: record.public, format: 'jwk' })
  const d = unseal(record.private, kid, secret)
  return {
    kid,
    header,
    retired,
    publicKey,
    privateKey: createPrivateKey({ key: { ...record.public, d }, format: 'jwk' }),
  }
}

/** The protected header of every token that key `kid` signs. */
export function tokenHeader(kid: string) {
  return { alg: 'ES256', typ: 'JWT', kid } as const
}
