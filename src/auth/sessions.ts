import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { MetadataStore, Stored } from '../../storage/metadata/metadata-store.ts'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { credentialCodec } from '../records/credential.ts'
import { keys } from '../records/keys.ts'
import { type SessionRecord, sessionCodec } from '../records/session.ts'
import { TupleReader } from '../records/tuple.ts'
import { userCodec } from '../records/user.ts'
import { bytesOf } from './credential-room.ts'
import { accountOf, type Caller, type Identity, identityOf } from './identity.ts'
import type { Login } from './login.ts'
import { hashSecret, isSecret, makeSecret } from './secrets.ts'
import { currentIdentity, ownKey } from './standing.ts'

/** How long a browser stays signed in, in milliseconds. */
const SESSION_LIFE = 14 * 86_400_000
/** Browsers that one account may have signed in at once; the one that came first makes room. */
const SESSION_LIMIT = 50
/** Characters of a browser's name that are kept. */
const AGENT_LIMIT = 200

export interface SessionSummary {
  readonly id: string
  /** Milliseconds since 1970, as `expires`. */
  readonly created: number
  readonly expires: number
  readonly agent: string
}

/** Browsers that are signed in to the page: begun, found by their cookie, listed, ended. */
export interface Sessions {
  /** Gives the text of the cookie, to be sent this once. Throws UNAUTHORIZED when the account is gone. */
  begin(login: Login, agent: string): Promise<{ readonly cookie: string; readonly expires: number }>
  /** Whose cookie this is. Undefined: nobody's any more. */
  find(cookie: string): Promise<Caller | undefined>
  /** Those of an account, as accountOf writes it. */
  list(owner: string): Promise<SessionSummary[]>
  /** Throws NAME_UNKNOWN when this account has no such session. */
  end(owner: string, id: string): Promise<void>
}

export function createSessions(parts: {
  readonly metadata: MetadataStore
  readonly now: () => number
}): Sessions {
  const { metadata, now } = parts
  return {
    begin: (login, agent) =>
      transact(metadata, async (transaction) => {
        const owner = accountOf(login.identity)
        const password = await relyOnOwner(transaction, login)
        await makeRoom(transaction, owner, now())
        const [id, secret] = [randomBytes(8).toString('hex'), makeSecret()]
        const expires = now() + SESSION_LIFE
        transaction.set(sessionCodec, keys.session(owner, id), {
          hash: hashSecret(secret).toString('hex'),
          created: now(),
          expires,
          agent: agent.slice(0, AGENT_LIMIT),
          password,
          parent: login.credential,
        })
        return { cookie: `${id}.${secret}.${owner}`, expires }
      }),
    find: (cookie) => find(metadata, cookie, now()),
    list: async (owner) => {
      const entries = await metadata.range({ prefix: keys.sessionsOf(owner), limit: SESSION_LIMIT })
      return entries
        .map(({ key, value }) => ({ id: idOf(key), ...sessionCodec.decode(value) }))
        .filter(({ expires }) => expires > now())
        .map(({ id, created, expires, agent }) => ({ id, created, expires, agent }))
    },
    end: (owner, id) =>
      transact(metadata, async (transaction) => {
        const found = /^[0-9a-f]{16}$/.test(id)
          ? await transaction.getChecked(sessionCodec, keys.session(owner, id))
          : undefined
        if (found === undefined)
          throw new RegistryError('NAME_UNKNOWN', {
            message: `you have no session '${id.slice(0, 64)}'; list them to see their ids`,
          })
        transaction.delete(found.key)
      }),
  }
}

/** The commit relies on the account's record. Gives the hash of a user's stored password. */
async function relyOnOwner(transaction: Transaction, { identity }: Login): Promise<string | undefined> {
  const key = ownKey(identity)
  if (identity.kind === 'user') {
    const user = await transaction.getChecked(userCodec, keys.user(identity.name))
    if (user !== undefined) return hashOf(user.value.password)
  } else if (key !== undefined) {
    const [there] = await transaction.present([key])
    transaction.checkExists(key)
    if (there === true) return undefined
  }
  throw new RegistryError('UNAUTHORIZED', { message: 'the account is gone' })
}

/** What is over goes, and the oldest beyond the limit. */
async function makeRoom(transaction: Transaction, owner: string, now: number): Promise<void> {
  const entries = await transaction.range({ prefix: keys.sessionsOf(owner), limit: SESSION_LIMIT + 1 })
  const all = entries
    .map(({ key, value }) => ({ key, ...sessionCodec.decode(value) }))
    .sort((a, b) => b.created - a.created)
  const going = all.filter((session, index) => session.expires <= now || index >= SESSION_LIMIT - 1)
  for (const { key } of going) transaction.delete(key)
}

/** One read: the session, its owner as the records say now, and the credential that it hangs on. */
async function find(metadata: MetadataStore, cookie: string, now: number): Promise<Caller | undefined> {
  const [, id, secret = '', owner = ''] = /^([0-9a-f]{16})\.([^.]{1,64})\.([^\0]{1,400})$/.exec(cookie) ?? []
  const identity = identityOf(owner)
  const own = identity && ownKey(identity)
  if (id === undefined || !isSecret(secret) || identity === undefined || own === undefined) return undefined
  const [row, ownRow] = await metadata.read([keys.session(owner, id), own])
  const session = row && sessionCodec.decode(row.value)
  if (session === undefined || session.expires <= now) return undefined
  if (!timingSafeEqual(bytesOf(session.hash), hashSecret(secret))) return undefined
  if (!(await stillGood(metadata, session, { ownRow, isUser: identity.kind === 'user', now })))
    return undefined
  const current = currentIdentity({ identity, issued: session.created, at: now }, ownRow)
  return current && callerOf(current, id, session)
}

function callerOf(identity: Identity, id: string, { parent }: SessionRecord): Caller {
  const credential = parent === undefined ? {} : { credential: parent }
  return { identity, scope: undefined, expired: false, session: id, ...credential }
}

async function stillGood(
  metadata: MetadataStore,
  session: SessionRecord,
  about: { readonly ownRow: Stored | undefined; readonly isUser: boolean; readonly now: number },
): Promise<boolean> {
  const { ownRow, isUser, now } = about
  if (
    isUser &&
    (ownRow === undefined || hashOf(userCodec.decode(ownRow.value).password) !== session.password)
  )
    return false
  if (session.parent === undefined) return true
  const [row] = await metadata.read([keys.credential(bytesOf(session.parent))])
  const parent = row && credentialCodec.decode(row.value)
  return parent !== undefined && (parent.expires === undefined || parent.expires > now)
}

function idOf(key: Uint8Array): string {
  const reader = new TupleReader(key)
  reader.text()
  return reader.text()
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
