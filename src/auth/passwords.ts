import { hash, verify } from '@node-rs/argon2'
import { createFairQueue } from '../fair-queue.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { networkOf } from './network.ts'
import { isSecret, makePassword } from './secrets.ts'
import { whyWeak } from './weak-passwords.ts'

/** argon2id, 19 MiB, 2 passes, 1 lane: the first choice of OWASP's cheat sheet; 9 ms here. The library's algorithm is argon2id. */
const COST: Cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Hashes at work at once: 19 MiB each. */
const AT_ONCE = 4
/** Waiting hashes, beyond which the address that asks for most of them is turned away rather than queued. */
const WAITING = 200

const PASSWORD_SHORTEST = 8
const PASSWORD_LONGEST = 1024

/** Kibibytes, passes over them, and lanes. */
interface Cost {
  readonly memoryCost: number
  readonly timeCost: number
  readonly parallelism: number
}

export interface Passwords {
  /** For somebody who is signed in already. Rejects with TOOMANYREQUESTS when too many wait. */
  hash(password: string): Promise<string>
  /**
   * Takes as long for an account that does not exist (`stored` undefined). Rejects as hash does; addresses take turns,
   * so that one of them alone cannot keep the others from logging in.
   */
  verify(stored: string | undefined, password: string, address: string): Promise<boolean>
}

/** `cost` is another one only in tests. */
export function createPasswords(cost: Cost = COST): Passwords {
  const queue = createFairQueue({ atOnce: AT_ONCE, waiting: WAITING, refusal: tooBusy })
  let decoy: Promise<string> | undefined

  return {
    hash: (password) => queue.run('signed in', () => hash(composed(password), cost)),
    verify: (stored, given, address) =>
      queue.run(networkOf(address), async () => {
        decoy ??= hash(makePassword(), cost)
        const password = composed(given)
        const tried = password.length <= PASSWORD_LONGEST ? password : ''
        const same = await verify(stored ?? (await decoy), tried)
        return same && stored !== undefined && tried === password
      }),
  }
}

/** A password as it is stored. `generated` when it was made up: to be shown once. */
export interface HashedPassword {
  readonly hash: string
  readonly generated: string | undefined
}

/**
 * RFC 8265 §4.2.2: "Unicode Normalization Form C (NFC) MUST be applied": an é is one character to one keyboard, and a
 * letter with its accent behind it to another.
 */
function composed(password: string): string {
  return password.normalize('NFC')
}

/** Hashes a password for `user`, or one that it makes up. Throws REQUEST_INVALID for one that nobody should have. */
export async function hashPassword(
  passwords: Passwords,
  password: string | undefined,
  user: string,
): Promise<HashedPassword> {
  if (password !== undefined) requirePassword(password, user)
  const chosen = password ?? makePassword()
  return { hash: await passwords.hash(chosen), generated: password === undefined ? chosen : undefined }
}

/** Throws REQUEST_INVALID for a password that nobody should have. */
function requirePassword(password: string, user: string): void {
  const characters = password.length
  if (characters < PASSWORD_SHORTEST || characters > PASSWORD_LONGEST)
    throw new RegistryError('REQUEST_INVALID', {
      message: `a password takes ${PASSWORD_SHORTEST} to ${PASSWORD_LONGEST} characters; this one has ${characters}`,
      detail: { field: 'password' },
    })
  if (isSecret(password))
    throw new RegistryError('REQUEST_INVALID', {
      message: 'a password may not look like a token (lam_…); choose another one',
      detail: { field: 'password' },
    })
  const weak = whyWeak(password, user)
  if (weak !== undefined)
    throw new RegistryError('REQUEST_INVALID', {
      message: `this password is too easy to guess: ${weak}; choose another one, or leave it out to have one made`,
      detail: { field: 'password' },
    })
}

function tooBusy(): RegistryError {
  return new RegistryError('TOOMANYREQUESTS', {
    message: 'too many logins at once; try again in a few seconds',
    headers: { 'retry-after': '2' },
  })
}
