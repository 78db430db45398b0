import type { Entry, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { thinOut } from '../../storage/metadata/thin-out.ts'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keyAfter, keys } from '../records/keys.ts'
import { pagesOf } from '../records/pages.ts'
import { TupleReader } from '../records/tuple.ts'
import { isUserName, USER_NAME_LIMIT, userCodec } from '../records/user.ts'
import type { Credentials } from './credentials.ts'
import { userAccount } from './identity.ts'
import { type HashedPassword, hashPassword, type Passwords } from './passwords.ts'

/** A user without what must stay secret. Times are milliseconds. */
export interface UserSummary {
  readonly name: string
  readonly administrator: boolean
  readonly created: number
  readonly disabled?: true
}

/** A password that was made up; undefined when the caller chose it. To be shown once. */
interface GeneratedPassword {
  readonly password: string | undefined
}

interface UserPage {
  readonly after: string | undefined
  readonly limit: number
}

/** People who may log in. Names are unique; the last administrator stays. */
export interface Users {
  /** Throws REQUEST_INVALID for a bad name or password, CONFLICT when the name is taken. */
  create(user: {
    readonly name: string
    readonly password?: string | HashedPassword | undefined
    readonly administrator: boolean
  }): Promise<GeneratedPassword>
  find(name: string): Promise<UserSummary | undefined>
  /** In the order of names, behind `after`. */
  list(page: UserPage): Promise<UserSummary[]>
  /** Takes memberships and tokens along. Throws NAME_UNKNOWN, and CONFLICT for the last administrator. */
  remove(name: string): Promise<void>
  /** Ends the refresh tokens that logins with the old password left. Throws NAME_UNKNOWN, REQUEST_INVALID. */
  setPassword(name: string, password: string | undefined): Promise<GeneratedPassword>
}

/** Users as records of the metadata store. */
export function createUsers(parts: {
  readonly metadata: MetadataStore
  readonly passwords: Passwords
  readonly credentials: Credentials
  readonly now: () => number
}): Users {
  const { metadata, passwords, credentials, now } = parts

  const create: Users['create'] = async ({ name, password, administrator }) => {
    if (!isUserName(name)) throw badName(name)
    const { hash, generated } =
      typeof password === 'object' ? password : await hashPassword(passwords, password, name)
    await transact(metadata, async (transaction) => {
      const taken = await transaction.getChecked(userCodec, keys.user(name))
      if (taken !== undefined)
        throw new RegistryError('CONFLICT', {
          message: `there is a user '${name}' already; choose another name`,
        })
      transaction.set(userCodec, keys.user(name), { password: hash, administrator, created: now() })
    })
    return { password: generated }
  }

  return {
    create,
    find: async (name) => {
      const [row] = isUserName(name) ? await metadata.read([keys.user(name)]) : []
      return row && summary(name, row.value)
    },
    list: (page) => listUsers(metadata, page),
    remove: async (name) => {
      await transact(metadata, (transaction) => requireRemovable(transaction, name))
      await thinOut(metadata, keys.memberships(name), async (transaction, entries) => {
        await requireRemovable(transaction, name)
        leave(transaction, name, entries)
      })
      await transact(metadata, async (transaction) => {
        const user = await requireRemovable(transaction, name)
        await leaveProjects(transaction, name)
        await credentials.revokeAll(transaction, userAccount(name))
        transaction.delete(user.key)
      })
    },
    setPassword: async (name, password) => {
      const { hash, generated } = await hashPassword(passwords, password, name)
      await transact(metadata, async (transaction) => {
        const user = await requireUser(transaction, name)
        await credentials.revokeAll(transaction, userAccount(name), 'refresh')
        transaction.set(userCodec, user.key, { ...user.value, password: hash })
      })
      return { password: generated }
    },
  }
}

async function listUsers(metadata: MetadataStore, page: UserPage): Promise<UserSummary[]> {
  const from = page.after === undefined ? {} : { from: keyAfter(keys.user(page.after)) }
  const entries = await metadata.range({ prefix: keys.users(), ...from, limit: page.limit })
  return entries.map((entry) => summary(new TupleReader(entry.key).text(), entry.value))
}

async function requireUser(transaction: Transaction, name: string) {
  const user = isUserName(name) ? await transaction.getChecked(userCodec, keys.user(name)) : undefined
  if (user === undefined)
    throw new RegistryError('NAME_UNKNOWN', {
      message: `there is no user '${name.slice(0, USER_NAME_LIMIT)}'`,
    })
  return user
}

/** Throws as requireUser does, and CONFLICT for the last administrator. */
async function requireRemovable(transaction: Transaction, name: string) {
  const user = await requireUser(transaction, name)
  if (user.value.administrator) await keepAnAdministrator(transaction, name)
  return user
}

/** Relies, in the commit, on another administrator: of two who remove each other, one stays. */
async function keepAnAdministrator(transaction: Transaction, name: string): Promise<void> {
  for await (const page of pagesOf(transaction, { prefix: keys.users(), limit: 100 }))
    for (const entry of page) {
      const user = userCodec.decode(entry.value)
      if (!user.administrator || user.disabled === true || new TupleReader(entry.key).text() === name)
        continue
      transaction.checkVersion(entry.key, entry.version)
      return
    }
  throw new RegistryError('CONFLICT', {
    message: `'${name}' is the last administrator; make another one first`,
  })
}

/** A user made later under this name inherits nothing: memberships go, both ways, with the user. */
async function leaveProjects(transaction: Transaction, name: string): Promise<void> {
  const entries = await transaction.wholeRange(keys.user(name), keys.memberships(name))
  if (entries === undefined)
    throw new RegistryError('CONFLICT', {
      message: `'${name}' came to be a member of many projects just now; remove the user again`,
    })
  leave(transaction, name, entries)
}

function leave(transaction: Transaction, name: string, memberships: readonly Entry[]): void {
  for (const entry of memberships) {
    const reader = new TupleReader(entry.key)
    reader.text()
    transaction.delete(entry.key)
    transaction.delete(keys.member(reader.text(), name))
  }
}

function summary(name: string, value: Uint8Array): UserSummary {
  const { administrator, created, disabled } = userCodec.decode(value)
  return { name, administrator, created, ...(disabled === true ? { disabled } : {}) }
}

function badName(name: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', {
    message: `'${name.slice(0, USER_NAME_LIMIT)}' cannot be a user name: it takes lower-case letters and digits, joined by '.', '_', '-' or '@', at most ${USER_NAME_LIMIT} characters`,
    detail: { field: 'name' },
  })
}
