import { RegistryError } from '../oci/registry-error.ts'
import type { HashedPassword } from './passwords.ts'
import type { Users } from './users.ts'

/** Its name. */
export const FIRST_USER = 'admin'

/** Whether nobody could log in before. `password`: what was made up, to be shown once. */
export interface FirstUser {
  readonly isFirst: boolean
  readonly password?: string | undefined
}

/**
 * Makes the administrator `admin` in a store without users, with the password that is asked for then only. Throws what
 * `password` rejects with.
 */
export async function ensureAdministrator(
  users: Users,
  password: () => Promise<HashedPassword>,
): Promise<FirstUser> {
  if ((await users.list({ after: undefined, limit: 1 })).length > 0) return { isFirst: false }
  try {
    const made = await users.create({ name: FIRST_USER, password: await password(), administrator: true })
    return { isFirst: true, password: made.password }
  } catch (error) {
    // Another replica of the same first start was faster, and shows its password.
    if (error instanceof RegistryError && error.code === 'CONFLICT') return { isFirst: true }
    throw error
  }
}
