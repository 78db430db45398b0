import { RegistryError } from '../oci/registry-error.ts'
import type { HashedPassword } from './passwords.ts'
import type { Users } from './users.ts'

const FIRST_USER = 'admin'

/** What a first start found or made. `password` is set when it was made up: to be shown once. */
export interface FirstUser {
  readonly created: boolean
  readonly name: string
  readonly password: string | undefined
}

/**
 * Makes the administrator `admin` in a store without users, with the password that is asked for then only.
 * Throws what `password` rejects with.
 */
export async function ensureAdministrator(
  users: Users,
  password: () => Promise<HashedPassword>,
): Promise<FirstUser> {
  const present = { created: false, name: FIRST_USER, password: undefined }
  if ((await users.list({ after: undefined, limit: 1 })).length > 0) return present
  try {
    const made = await users.create({ name: FIRST_USER, password: await password(), administrator: true })
    return { created: true, name: FIRST_USER, password: made.password }
  } catch (error) {
    // Another replica of the same first start was faster, and shows its password.
    if (error instanceof RegistryError && error.code === 'CONFLICT') return present
    throw error
  }
}
