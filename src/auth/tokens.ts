import { randomUUID } from 'node:crypto'
import { compactVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { type Access, accountOf, type Caller, type Identity, identityOf } from './identity.ts'
import { type SigningKey, type SigningKeys, tokenHeader } from './signing-keys.ts'

/** Audience and issuer: constants, not the host, so that a token is good under every name of the registry. */
export const TOKEN_SERVICE = 'lamina'
const TOKEN_ISSUER = 'lamina'
/**
 * Characters; longer tokens are refused unread.
 * @internal
 */
export const TOKEN_LIMIT = 16 * 1024
export const TOKEN_SECONDS = 300
/** Characters of the verified tokens that are remembered. */
const KNOWN_LENGTH = 8 << 20
/** Seconds by which the clock of another replica may be ahead. */
const SKEW = 60

/** Tokens of the token endpoint: who, and what they may do, for a few minutes. */
export interface Tokens {
  readonly lifeSeconds: number
  issue(identity: Identity, access: readonly Access[]): Promise<string>
  /** The caller, `expired` when only the date is wrong; else why the token is not valid. */
  verify(token: string): Promise<Caller | { readonly invalid: string }>
}

const claimsSchema = z.object({
  iss: z.literal(TOKEN_ISSUER),
  aud: z.literal(TOKEN_SERVICE),
  sub: z.string(),
  exp: z.number().int(),
  nbf: z.number().int(),
  iat: z.number().int(),
  access: z.array(z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()) })),
})
interface Verified {
  readonly caller: Caller
  readonly until: number
  readonly kid: string
}

type Claims = z.infer<typeof claimsSchema>
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/

export function createTokens(parts: {
  readonly keys: SigningKeys
  readonly lifeSeconds: number
  readonly now: () => number
}): Tokens {
  const { keys, lifeSeconds, now } = parts
  /** Callers of verified tokens; entries of expired tokens are not used. */
  const verified = new LRUCache<string, Verified>({ max: 10_000, maxSize: KNOWN_LENGTH })

  return {
    lifeSeconds,
    issue: async (identity, access) => {
      const key = await keys.current()
      const issued = Math.floor(now() / 1000)
      const claims = { access: [...access] }
      return new SignJWT(claims)
        .setProtectedHeader(tokenHeader(key.kid))
        .setIssuer(TOKEN_ISSUER)
        .setSubject(accountOf(identity))
        .setAudience(TOKEN_SERVICE)
        .setIssuedAt(issued)
        .setNotBefore(issued)
        .setExpirationTime(issued + lifeSeconds)
        .setJti(randomUUID())
        .sign(key.privateKey)
    },
    verify: async (token) => {
      if (token.length > TOKEN_LIMIT) return { invalid: `it is longer than ${TOKEN_LIMIT} characters` }
      const remembered = verified.get(token)
      if (remembered !== undefined && remembered.until > now() && (await keys.holds(remembered.kid)))
        return remembered.caller
      if (!COMPACT.test(token)) return { invalid: 'it is not a signed token of this registry' }
      // The header has to be, byte for byte, the one that we write: no other algorithm, no key inside, no `crit`.
      const key = await keys.byHeader(token.slice(0, token.indexOf('.')))
      if (key === undefined) return { invalid: 'none of our keys signed it' }
      const claims = await readClaims(token, key)
      if (claims === undefined) return { invalid: 'its signature or its claims are wrong' }
      const identity = identityOf(claims.sub)
      if (identity === undefined) return { invalid: 'it names no account' }
      if (claims.nbf - SKEW > now() / 1000) return { invalid: 'it is not valid yet' }
      const until = endOf(claims, key, lifeSeconds)
      const caller = { identity, scope: claims.access, expired: until <= now(), issued: claims.iat * 1000 }
      if (!caller.expired) verified.set(token, { caller, until, kid: key.kid }, { size: token.length })
      return caller
    },
  }
}

/** When a token ends, in milliseconds. Whoever stole a retired key cannot make one that outlives the last real one. */
function endOf(claims: Claims, key: SigningKey, lifeSeconds: number): number {
  const end = claims.exp * 1000
  return key.retired === undefined ? end : Math.min(end, key.retired + (lifeSeconds + SKEW) * 1000)
}

async function readClaims(token: string, key: SigningKey): Promise<Claims | undefined> {
  try {
    const { payload } = await compactVerify(token, key.publicKey, { algorithms: ['ES256'] })
    const parsed = claimsSchema.safeParse(JSON.parse(Buffer.from(payload).toString()))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
