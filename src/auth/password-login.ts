import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { MetadataStore, Stored } from '../../storage/metadata/metadata-store.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keys } from '../records/keys.ts'
import { isUserName, userCodec } from '../records/user.ts'
import type { FailureLimit } from './failure-limit.ts'
import { type Identity, userAccount } from './identity.ts'
import type { Passwords } from './passwords.ts'
import { RefusedLogin } from './refused-login.ts'
import type { SharedFailures } from './shared-failures.ts'

/** How long a password that was right is not hashed again, in milliseconds: clients send it with every token request. */
const REMEMBERED = 60_000

/**
 * The user whose name and password these are, or undefined. Throws TOOMANYREQUESTS with Retry-After after too many
 * failures of this account from this address.
 */
export type PasswordLogin = (name: string, password: string, address: string) => Promise<Identity | undefined>

export function createPasswordLogin(parts: {
  readonly metadata: MetadataStore
  readonly passwords: Passwords
  readonly failures: FailureLimit
  /** Absent: no other process serves the registry. */
  readonly shared?: SharedFailures | undefined
  readonly now: () => number
}): PasswordLogin {
  const { metadata, passwords, failures, shared, now } = parts
  const remembered = new LRUCache<string, number>({ max: 10_000 })
  const running = new Map<string, Promise<boolean>>()
  const secret = randomBytes(32)

  const compare = async (
    stored: string | undefined,
    login: readonly [string, string, string],
    elsewhere: Stored | undefined,
  ): Promise<boolean> => {
    const [name, password, address] = login
    const wait = shared?.wait(elsewhere) ?? failures.take(name, address)
    if (wait !== undefined) throw tooManyFailures(wait, stored === undefined ? undefined : name)
    // Only a wrong password has cost a try: not a right one, and not a registry too busy to compare.
    let wrong = false
    try {
      wrong = !(await passwords.verify(stored, password, address))
    } finally {
      if (!wrong) failures.giveBack(name, address)
    }
    if (wrong) await shared?.note(name, address)
    return !wrong
  }

  /** The user's row, and what other replicas have counted, in one go. */
  const read = async (name: string, counted: Uint8Array | undefined) => {
    const row = isUserName(name) ? [keys.user(name)] : []
    const found = await metadata.read(counted === undefined ? row : [...row, counted])
    return row.length === 0 ? ([undefined, found[0]] as const) : ([found[0], found[1]] as const)
  }

  return async (name, password, address) => {
    const account = name.slice(0, 256)
    // The row is read each time: a deleted or disabled user, or a new password, counts at once.
    const [row, elsewhere] = await read(name, shared?.keyOf(account, address))
    const user = row && userCodec.decode(row.value)
    const usable = user?.disabled === true ? undefined : user
    const memory = createHmac('sha256', secret)
      .update(JSON.stringify([name, String(row?.version), password]))
      .digest('base64')
    const identity: Identity = { kind: 'user', name, administrator: usable?.administrator === true }
    if (usable !== undefined && (remembered.get(memory) ?? 0) > now()) return identity
    // One pull asks for several tokens at once: equal logins share one hash, and one try.
    const same = running.get(memory) ?? compare(usable?.password, [account, password, address], elsewhere)
    running.set(memory, same)
    try {
      if (!(await same)) return undefined
      remembered.set(memory, now() + REMEMBERED)
      return identity
    } finally {
      running.delete(memory)
    }
  }
}

function tooManyFailures(seconds: number, user: string | undefined): RegistryError {
  return new RegistryError('TOOMANYREQUESTS', {
    message: `too many failed logins for this account from this address; try again in ${seconds} s`,
    headers: { 'retry-after': String(seconds) },
    cause: new RefusedLogin(user && userAccount(user)),
  })
}
