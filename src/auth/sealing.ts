import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { SigningKeyRecord } from '../records/signing-key.ts'

/** The private part of a signing key as it is stored. */
export type StoredPrivate = SigningKeyRecord['private']

/** The stored keys cannot be opened with the configured secret; the message says what to do. */
export class WrongSecret extends Error {
  override readonly name = 'WrongSecret'
}

/** Seals `d` with AES-256-GCM under the configured secret, bound to the key's id; stores it as it is without a secret. */
export function seal(d: string, kid: string, secret: string | undefined): StoredPrivate {
  if (secret === undefined) return { kind: 'plain', d }
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', deriveKey(secret), iv).setAAD(Buffer.from(kid))
  const data = Buffer.concat([cipher.update(d, 'utf8'), cipher.final()])
  return {
    kind: 'sealed',
    iv: iv.toString('base64url'),
    tag: cipher.getAuthTag().toString('base64url'),
    data: data.toString('base64url'),
  }
}

/** The reverse of seal. Throws WrongSecret when it is missing or another one. */
export function unseal(stored: StoredPrivate, kid: string, secret: string | undefined): string {
  if (stored.kind === 'plain') return stored.d
  if (secret === undefined)
    throw new WrongSecret(
      'the signing keys in this store are sealed: set LAMINA_SECRET to the value used when they were made',
    )
  const decipher = createDecipheriv('aes-256-gcm', deriveKey(secret), Buffer.from(stored.iv, 'base64url'), {
    authTagLength: 16,
  })
  decipher.setAAD(Buffer.from(kid)).setAuthTag(Buffer.from(stored.tag, 'base64url'))
  try {
    return decipher.update(stored.data, 'base64url', 'utf8') + decipher.final('utf8')
  } catch (cause) {
    throw new WrongSecret(
      'LAMINA_SECRET is not the one that sealed the signing keys in this store; set the old value',
      { cause },
    )
  }
}

function deriveKey(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'lamina signing keys', 32))
}
