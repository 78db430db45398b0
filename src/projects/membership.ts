import type { Entry } from '../../storage/metadata/metadata-store.ts'
import type { Transaction } from '../../storage/metadata/transact.ts'
import { RegistryError } from '../oci/registry-error.ts'
import type { Role } from '../records/fields.ts'
import { keys } from '../records/keys.ts'
import { memberCodec } from '../records/project.ts'
import { TupleReader } from '../records/tuple.ts'

export interface NewMember {
  readonly project: string
  readonly user: string
  readonly role: Role
  /** Milliseconds since 1970. */
  readonly since: number
}

/**
 * Writes a membership and its reverse. The user must exist when the transaction commits: who deletes a user checks
 * the range of its memberships. The caller relies on, or writes, the project.
 */
export function addMember(transaction: Transaction, { project, user, role, since }: NewMember): void {
  transaction.checkExists(keys.user(user))
  transaction.set(memberCodec, keys.member(project, user), { role, since })
  transaction.set(memberCodec, keys.membership(user, project), { role, since })
}

export function removeMember(transaction: Transaction, project: string, user: string): void {
  transaction.delete(keys.member(project, user))
  transaction.delete(keys.membership(user, project))
}

/** For the end of a project, whose record the caller deletes. Throws CONFLICT when there are more than one commit can check. */
export async function removeAllMembers(transaction: Transaction, project: string): Promise<void> {
  const entries = await transaction.wholeRange(keys.project(project), keys.members(project))
  if (entries === undefined)
    throw new RegistryError('CONFLICT', {
      message: `project '${project}' got many members just now; delete it again`,
    })
  removeMembers(transaction, project, entries)
}

/** Removes the members in `entries`, which are under keys.members. */
export function removeMembers(transaction: Transaction, project: string, entries: readonly Entry[]): void {
  for (const entry of entries) {
    const reader = new TupleReader(entry.key)
    reader.text()
    removeMember(transaction, project, reader.text())
  }
}
