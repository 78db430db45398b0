import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Role } from '../records/fields.ts'
import { keyAfter, keys } from '../records/keys.ts'
import { memberCodec } from '../records/project.ts'
import { TupleReader } from '../records/tuple.ts'
import { isUserName, userCodec } from '../records/user.ts'
import { addMember, removeMember } from './membership.ts'
import { requireProject } from './project-record.ts'

interface MemberSummary {
  readonly user: string
  readonly role: Role
  readonly since: number
}

/** Who may do what in a project, user by user. */
export interface Members {
  /** In the order of user names, behind `after`. */
  list(
    project: string,
    page: { readonly after: string | undefined; readonly limit: number },
  ): Promise<MemberSummary[]>
  /** Adds a member or changes the role. Throws NAME_UNKNOWN when there is no such project or user. */
  put(project: string, user: string, role: Role): Promise<MemberSummary>
  /** Throws NAME_UNKNOWN when the user is no member. */
  remove(project: string, user: string): Promise<void>
}

/** Members as records of the metadata store. */
export function createMembers(parts: {
  readonly metadata: MetadataStore
  readonly now: () => number
}): Members {
  const { metadata, now } = parts
  return {
    list: async (project, { after, limit }) => {
      const from = after === undefined ? {} : { from: keyAfter(keys.member(project, after)) }
      const entries = await metadata.range({ prefix: keys.members(project), ...from, limit })
      return entries.map((entry) => {
        const reader = new TupleReader(entry.key)
        reader.text()
        return { user: reader.text(), ...memberCodec.decode(entry.value) }
      })
    },
    put: (project, user, role) =>
      transact(metadata, async (transaction) => {
        await requireProject(transaction, project)
        if (!isUserName(user) || (await transaction.get(userCodec, keys.user(user))) === undefined)
          throw new RegistryError('NAME_UNKNOWN', {
            message: `there is no user '${user.slice(0, 64)}'; an administrator makes users`,
          })
        const since = now()
        addMember(transaction, { project, user, role, since })
        return { user, role, since }
      }),
    remove: (project, user) =>
      transact(metadata, async (transaction) => {
        await requireProject(transaction, project)
        const member = isUserName(user)
          ? await transaction.getChecked(memberCodec, keys.member(project, user))
          : undefined
        if (member === undefined)
          throw new RegistryError('NAME_UNKNOWN', {
            message: `'${user.slice(0, 64)}' is no member of project '${project}'`,
          })
        removeMember(transaction, project, user)
      }),
  }
}
