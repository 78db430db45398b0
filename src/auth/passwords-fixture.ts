import { createPasswords, type Passwords } from './passwords.ts'

/** Hashes at the least cost that there is: what tests compare is not how hard a hash is to guess. */
export function cheapPasswords(): Passwords {
  return createPasswords({ memoryCost: 8, timeCost: 1, parallelism: 1 })
}
