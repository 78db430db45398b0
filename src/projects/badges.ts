import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { type Transaction, transact } from '../../storage/metadata/transact.ts'
import { projectOf, type RepositoryName } from '../oci/name.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { badgeCodec } from '../records/badge.ts'
import { keyAfter, keys } from '../records/keys.ts'
import { TupleReader } from '../records/tuple.ts'
import { requireProject } from './project-record.ts'

interface BadgeKeySummary {
  /** The hash of the key, in hex: enough to take it back, not to use it. */
  readonly id: string
  readonly repository: string
  readonly created: number
}

/** Keys with which documents anywhere show the badges of a private repository. */
export interface BadgeKeys {
  /** Gives the key, to be shown once. Throws REQUEST_INVALID, NAME_UNKNOWN for the project. */
  create(made: {
    readonly project: string
    readonly repository: RepositoryName
    readonly createdBy: string
  }): Promise<BadgeKeySummary & { readonly key: string }>
  list(
    project: string,
    page: { readonly after: string | undefined; readonly limit: number },
  ): Promise<BadgeKeySummary[]>
  /** Throws NAME_UNKNOWN. */
  remove(project: string, id: string): Promise<void>
  /** Whether a key shows the badges of a repository. */
  opens(key: string, repository: RepositoryName): Promise<boolean>
}

/** Makes secrets, and what is stored of them; auth has it. */
export interface SecretForm {
  readonly make: () => string
  readonly hash: (secret: string) => Buffer
}

export function createBadgeKeys({
  metadata,
  secrets,
  now,
}: {
  readonly metadata: MetadataStore
  readonly secrets: SecretForm
  readonly now: () => number
}): BadgeKeys {
  return {
    create: ({ project, repository, createdBy }) => {
      if (projectOf(repository) !== project)
        throw new RegistryError('REQUEST_INVALID', {
          message: `'${repository}' is no repository of '${project}'`,
          detail: { field: 'repository' },
        })
      const key = secrets.make()
      const hashed = secrets.hash(key)
      return transact(metadata, async (transaction) => {
        await requireProject(transaction, project)
        const created = now()
        transaction.set(badgeCodec, keys.badge(project, hashed), { repository, created, createdBy })
        return { id: hashed.toString('hex'), key, repository, created }
      })
    },
    list: async (project, { after, limit }) => {
      const from =
        after === undefined ? {} : { from: keyAfter(keys.badge(project, Buffer.from(after, 'hex'))) }
      const entries = await metadata.range({ prefix: keys.badges(project), ...from, limit })
      return entries.map(({ key, value }) => ({ id: idIn(key), ...badgeCodec.decode(value) }))
    },
    remove: (project, id) =>
      transact(metadata, async (transaction) => {
        await requireProject(transaction, project)
        const found = await transaction.getChecked(badgeCodec, keys.badge(project, Buffer.from(id, 'hex')))
        if (found === undefined)
          throw new RegistryError('NAME_UNKNOWN', { message: `project '${project}' has no such badge key` })
        transaction.delete(found.key)
      }),
    opens: async (key, repository) => {
      const [stored] = await metadata.read([keys.badge(projectOf(repository), secrets.hash(key))])
      return stored !== undefined && badgeCodec.decode(stored.value).repository === repository
    },
  }
}

/** For the end of a project, whose record the caller deletes. Throws CONFLICT when there are more than one commit can check. */
export async function removeAllBadges(transaction: Transaction, project: string): Promise<void> {
  const entries = await transaction.wholeRange(keys.project(project), keys.badges(project))
  if (entries === undefined)
    throw new RegistryError('CONFLICT', {
      message: `project '${project}' got many badge keys just now; delete it again`,
    })
  for (const { key } of entries) transaction.delete(key)
}

function idIn(key: Uint8Array): string {
  const reader = new TupleReader(key)
  reader.text()
  return Buffer.from(reader.bytes(32)).toString('hex')
}
