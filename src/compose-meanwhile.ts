import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FIRST_USER } from './auth/first-user.ts'
import { createPasswords, type HashedPassword, hashPassword, type Passwords } from './auth/passwords.ts'
import type { Config } from './config/schema.ts'
import { loadPageFiles, type PageFiles } from './http/page/page-files.ts'

/** What a start does on other threads while it waits for the stores. */
export interface Meanwhile {
  readonly passwords: Passwords
  readonly page: Promise<PageFiles | undefined>
  /** Of the administrator that a store without users gets. */
  readonly firstPassword: () => Promise<HashedPassword>
}

/** Hashes a password only where nothing was stored before: a guess that costs nothing when it is wrong. */
export function beginMeanwhile(config: Config): Meanwhile {
  const passwords = createPasswords()
  const hash = (): Promise<HashedPassword> => hashPassword(passwords, config.adminPassword, FIRST_USER)
  const isNew = config.metadata === 'level' && !existsSync(join(config.data, 'metadata'))
  const begun = isNew ? hash() : undefined
  const page = loadPageFiles()
  // Whoever waits for them hears of a failure, unless the stores fail before.
  for (const work of [begun, page]) work?.catch(() => undefined)
  return { passwords, page, firstPassword: () => begun ?? hash() }
}
