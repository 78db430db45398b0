import type { Entry, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import { isProjectName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { accountCodec } from '../records/account.ts'
import type { Role } from '../records/fields.ts'
import { keyAfter, keys } from '../records/keys.ts'
import { TupleReader } from '../records/tuple.ts'
import { requireProject } from './project-record.ts'

/** What keeps the secrets of service accounts; auth has it. */
export interface SecretKeeper {
  issue(
    transaction: Transaction,
    made: { kind: 'account'; owner: string; name: string; expires: number | undefined },
  ): Promise<{ secret: string }>
  revokeAll(transaction: Transaction, owner: string): Promise<void>
}

interface AccountSummary {
  readonly name: string
  readonly role: Role
  readonly created: number
  readonly createdBy: string
  /** Milliseconds since 1970; undefined: never. */
  readonly expires?: number | undefined
}

interface NewAccount {
  readonly project: string
  readonly name: string
  readonly role: Role
  readonly expires: number | undefined
  readonly createdBy: string
}

/** Service accounts of a project. */
export interface Accounts {
  /** Gives the secret, to be shown once. Throws REQUEST_INVALID, NAME_UNKNOWN for the project, CONFLICT for a taken name. */
  create(account: NewAccount): Promise<{ secret: string }>
  list(
    project: string,
    page: { readonly after: string | undefined; readonly limit: number },
  ): Promise<AccountSummary[]>
  /** Throws NAME_UNKNOWN. */
  remove(project: string, name: string): Promise<void>
  /** Removes those in `entries`, which are under keys.accounts. */
  removeSome(transaction: Transaction, project: string, entries: readonly Entry[]): Promise<void>
  /** For the end of a project, whose record the caller deletes. Throws CONFLICT when there are more than one commit can check. */
  removeAll(transaction: Transaction, project: string): Promise<void>
}

export function createAccounts(parts: {
  readonly metadata: MetadataStore
  readonly secrets: SecretKeeper
  readonly now: () => number
}): Accounts {
  const { metadata, secrets, now } = parts
  const drop = async (transaction: Transaction, project: string, name: string) => {
    await secrets.revokeAll(transaction, ownerOf(project, name))
    transaction.delete(keys.account(project, name))
  }
  const removeSome: Accounts['removeSome'] = async (transaction, project, entries) => {
    for (const entry of entries) await drop(transaction, project, nameIn(entry.key))
  }
  return {
    create: async ({ project, name, role, expires, createdBy }) => {
      if (!isProjectName(name)) throw badName(name)
      return transact(metadata, async (transaction) => {
        await requireProject(transaction, project)
        if ((await transaction.getChecked(accountCodec, keys.account(project, name))) !== undefined)
          throw new RegistryError('CONFLICT', {
            message: `project '${project}' has an account '${name}' already; delete it first to get a new key`,
          })
        const ends = expires === undefined ? {} : { expires }
        transaction.set(accountCodec, keys.account(project, name), {
          role,
          created: now(),
          createdBy,
          ...ends,
        })
        return secrets.issue(transaction, { kind: 'account', owner: ownerOf(project, name), name, expires })
      })
    },
    list: async (project, { after, limit }) => {
      const from = after === undefined ? {} : { from: keyAfter(keys.account(project, after)) }
      const entries = await metadata.range({ prefix: keys.accounts(project), ...from, limit })
      return entries.map((entry) => ({ name: nameIn(entry.key), ...accountCodec.decode(entry.value) }))
    },
    remove: (project, name) =>
      transact(metadata, async (transaction) => {
        await requireProject(transaction, project)
        const known = isProjectName(name)
          ? await transaction.getChecked(accountCodec, keys.account(project, name))
          : undefined
        if (known === undefined)
          throw new RegistryError('NAME_UNKNOWN', {
            message: `project '${project}' has no account '${name.slice(0, 64)}'`,
          })
        await drop(transaction, project, name)
      }),
    removeAll: async (transaction, project) => {
      const entries = await transaction.wholeRange(keys.project(project), keys.accounts(project))
      if (entries === undefined)
        throw new RegistryError('CONFLICT', {
          message: `project '${project}' got many accounts just now; delete it again`,
        })
      await removeSome(transaction, project, entries)
    },
    removeSome,
  }
}

function ownerOf(project: string, name: string): string {
  return `account:${project}/${name}`
}

function nameIn(key: Uint8Array): string {
  const reader = new TupleReader(key)
  reader.text()
  return reader.text()
}

function badName(name: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', {
    message: `'${name.slice(0, 64)}' cannot be an account: it takes lower-case letters and digits, joined by '.', '_' or dashes`,
    detail: { field: 'name' },
  })
}
