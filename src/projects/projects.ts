import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { thinOut } from '../../storage/metadata/thin-out.ts'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import { isProjectName, NAME_LIMIT } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keys } from '../records/keys.ts'
import { type ProjectRecord, projectCodec, publicCodec } from '../records/project.ts'
import type { Accounts } from './accounts.ts'
import { removeAllBadges } from './badges.ts'
import { addMember, removeAllMembers, removeMembers } from './membership.ts'
import { requireProject } from './project-record.ts'
import { readableProjects } from './readable-projects.ts'
import type { Reader } from './reader.ts'

export interface ProjectSummary {
  readonly name: string
  readonly public: boolean
  readonly created: number
  readonly createdBy: string
}

export interface Projects {
  /** A user who makes one becomes its admin. Throws REQUEST_INVALID for a bad name, CONFLICT when it is taken. */
  create(project: {
    readonly name: string
    readonly public: boolean
    readonly account: string
  }): Promise<ProjectSummary>
  find(name: string): Promise<ProjectSummary | undefined>
  /** Those that `reader` may pull from, in the order of names, behind `after`. */
  list(
    reader: Reader,
    page: { readonly after: string | undefined; readonly limit: number },
  ): Promise<ProjectSummary[]>
  /** Throws NAME_UNKNOWN. */
  setPublic(name: string, open: boolean): Promise<ProjectSummary>
  /** Takes members, service accounts and badge keys along. Throws NAME_UNKNOWN, and CONFLICT while it has repositories. */
  remove(name: string): Promise<void>
}

export function createProjects(parts: {
  readonly metadata: MetadataStore
  readonly accounts: Pick<Accounts, 'removeAll' | 'removeSome'>
  readonly now: () => number
}): Projects {
  const { metadata, accounts, now } = parts
  return {
    create: async ({ name, public: open, account }) => {
      if (!isProjectName(name)) throw badName(name)
      return transact(metadata, async (transaction) => {
        if ((await transaction.getChecked(projectCodec, keys.project(name))) !== undefined)
          throw new RegistryError('CONFLICT', {
            message: `the project name '${name}' is taken; choose another one`,
          })
        return addProject(transaction, name, { public: open, created: now(), createdBy: account })
      })
    },
    find: async (name) => {
      const [row] = isProjectName(name) ? await metadata.read([keys.project(name)]) : []
      return row && { name, ...projectCodec.decode(row.value) }
    },
    list: (reader, page) => listReadable(metadata, reader, page),
    setPublic: (name, open) =>
      transact(metadata, async (transaction) => {
        const project = await requireProject(transaction, name)
        if (project.value.public === open) return { name, ...project.value }
        return writeProject(transaction, name, { ...project.value, public: open })
      }),
    remove: async (name) => {
      await transact(metadata, (transaction) => requireEmpty(transaction, name))
      await removeMost(metadata, accounts, name)
      await transact(metadata, async (transaction) => {
        const project = await requireEmpty(transaction, name)
        await removeAllMembers(transaction, name)
        await accounts.removeAll(transaction, name)
        await removeAllBadges(transaction, name)
        transaction.delete(project.key)
        transaction.delete(keys.publicProject(name))
        transaction.delete(keys.policy(name))
      })
    },
  }
}

/** Throws NAME_UNKNOWN, and CONFLICT while it has repositories. */
async function requireEmpty(transaction: Transaction, name: string) {
  const project = await requireProject(transaction, name)
  await refuseRepositories(transaction, name)
  return project
}

/** Takes along what is more than one commit can check. Members go last: while one of them asks again, it can be finished. */
async function removeMost(
  metadata: MetadataStore,
  accounts: Pick<Accounts, 'removeSome'>,
  name: string,
): Promise<void> {
  await thinOut(metadata, keys.accounts(name), async (transaction, entries) => {
    await requireEmpty(transaction, name)
    await accounts.removeSome(transaction, name, entries)
  })
  await thinOut(metadata, keys.badges(name), async (transaction, entries) => {
    await requireEmpty(transaction, name)
    for (const { key } of entries) transaction.delete(key)
  })
  await thinOut(metadata, keys.members(name), async (transaction, entries) => {
    await requireEmpty(transaction, name)
    removeMembers(transaction, name, entries)
  })
}

/**
 * For a first push, inside the registry's transaction: the commit relies on the project, or makes it, private and with
 * the user as its admin. `mayPush` is asked about a project that is there: somebody else may have made it since the
 * request was allowed. Throws NAME_INVALID for what cannot be a project, DENIED for who may not own or fill one.
 */
export function createEnsureProject(parts: {
  readonly mayPush: (account: string, project: string) => Promise<boolean>
  readonly now: () => number
}) {
  return async (transaction: Transaction, name: string, account: string): Promise<void> => {
    if (!isProjectName(name)) throw new RegistryError('NAME_INVALID', { message: badName(name).message })
    const found = await transaction.getChecked(projectCodec, keys.project(name))
    if (found !== undefined) {
      if (account === ANYONE || (await parts.mayPush(account, name))) return
      throw new RegistryError('DENIED', { message: `you may not push to project '${name}'` })
    }
    if (!account.startsWith('user:') && account !== ANYONE)
      throw new RegistryError('DENIED', {
        message: 'only users make projects; ask one to make it, or push to your own',
      })
    await addProject(transaction, name, { public: false, created: parts.now(), createdBy: account })
  }
}

/** The account of everyone, when authentication is off. */
const ANYONE = 'anyone'

async function addProject(
  transaction: Transaction,
  name: string,
  record: ProjectRecord,
): Promise<ProjectSummary> {
  const made = writeProject(transaction, name, record)
  const [kind, user] = record.createdBy.split(':')
  if (kind !== 'user' || user === undefined) return made
  const [there] = await transaction.present([keys.user(user)])
  if (there !== true) throw new RegistryError('DENIED', { message: `the user '${user}' is gone` })
  addMember(transaction, { project: name, user, role: 'admin', since: record.created })
  return made
}

/** The record and its place in the list of public projects change together. */
function writeProject(transaction: Transaction, name: string, record: ProjectRecord): ProjectSummary {
  transaction.set(projectCodec, keys.project(name), record)
  if (record.public) transaction.set(publicCodec, keys.publicProject(name), {})
  else transaction.delete(keys.publicProject(name))
  return { name, ...record }
}

async function refuseRepositories(transaction: Transaction, name: string): Promise<void> {
  const prefix = keys.repositories(name)
  const entries = await transaction.range({ prefix, limit: 1 })
  if (entries.length > 0)
    throw new RegistryError('CONFLICT', {
      message: `project '${name}' still has repositories; delete them first, or ask for them to be deleted along (lamina project remove --with-repositories)`,
    })
  transaction.checkRange(keys.project(name), prefix, [])
}

async function listReadable(
  metadata: MetadataStore,
  reader: Reader,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<ProjectSummary[]> {
  const names: string[] = []
  for await (const name of readableProjects(metadata, reader, page.after)) {
    names.push(name)
    if (names.length === page.limit) break
  }
  const rows = names.length === 0 ? [] : await metadata.read(names.map((name) => keys.project(name)))
  return names.flatMap((name, index) => {
    const row = rows[index]
    return row === undefined ? [] : [{ name, ...projectCodec.decode(row.value) }]
  })
}

function badName(name: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', {
    message: `'${name.slice(0, NAME_LIMIT)}' cannot be a project: it takes lower-case letters and digits, joined by one '.', one or two '_', or dashes`,
    detail: { field: 'name' },
  })
}
