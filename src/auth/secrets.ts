import { createHash, randomBytes, randomInt } from 'node:crypto'

/** Machine-made secrets: personal tokens, keys of service accounts, refresh tokens. 256 random bits, so a plain hash will do. */

const SECRET = /^lam_[A-Za-z0-9_-]{43}$/

export function makeSecret(): string {
  return `lam_${randomBytes(32).toString('base64url')}`
}

/** Whether `text` has the form of makeSecret. No password may have it. */
export function isSecret(text: string): boolean {
  return SECRET.test(text)
}

/** What is stored of a secret, and under which it is found: comparing hashes by key leaks nothing of the secret. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Without letters and digits that look alike. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'

/** A password for people to type: 4 groups of 5 characters, 99 bits. */
export function makePassword(): string {
  const group = () => Array.from({ length: 5 }, () => LETTERS.charAt(randomInt(LETTERS.length))).join('')
  return [group(), group(), group(), group()].join('-')
}
