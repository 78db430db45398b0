import type { Role } from '../records/fields.ts'

/** Who is calling, as established by a credential. */
export type Identity =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'user'; readonly name: string; readonly administrator: boolean }
  /** A service account: belongs to one project and has one role there. */
  | { readonly kind: 'account'; readonly project: string; readonly name: string; readonly role: Role }
  /** Everyone, when LAMINA_AUTH is off. */
  | { readonly kind: 'unchecked' }

/** What an action is allowed on, as the `access` claim of a token lists it. */
export interface Access {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

/** An identity together with what its token narrows it to. */
export interface Caller {
  readonly identity: Identity
  /** Undefined: not narrowed (Basic, or authentication off). Else only what the list holds. */
  readonly scope: readonly Access[] | undefined
  /** The token was right in everything but its date. Good for nothing but going on with one's own upload. */
  readonly expired: boolean
  /** When the token was issued, in milliseconds: an account made later under the same name is another one. */
  readonly issued?: number
  /** Hash, in hex, of the stored secret that was shown, if it was one. */
  readonly credential?: string
  /** Id of the browser's session, when its cookie was the credential. */
  readonly session?: string
}

export const ANONYMOUS: Caller = { identity: { kind: 'anonymous' }, scope: undefined, expired: false }
export const UNCHECKED: Caller = { identity: { kind: 'unchecked' }, scope: undefined, expired: false }

/** The stable name of an account in records and tokens; empty when anonymous. */
export function accountOf(identity: Identity): string {
  if (identity.kind === 'anonymous') return ''
  if (identity.kind === 'unchecked') return 'anyone'
  if (identity.kind === 'user') return userAccount(identity.name)
  return `account:${identity.project}/${identity.name}`
}

/** What accountOf gives for a user of this name. */
export function userAccount(name: string): string {
  return `user:${name}`
}

/**
 * The reverse of accountOf, with the lowest rank that such an account can have: rank is never in a token, access
 * control reads it from the account's record. Undefined for text that accountOf does not write.
 */
export function identityOf(account: string): Identity | undefined {
  if (account === '') return { kind: 'anonymous' }
  const [, kind, first = '', , second] = /^(user|account):([^/]+)(\/([^/]+))?$/.exec(account) ?? []
  if (kind === 'user' && second === undefined) return { kind, name: first, administrator: false }
  if (kind === 'account' && second !== undefined)
    return { kind, project: first, name: second, role: 'viewer' }
  return undefined
}

/** The name under which an account logs in: `alice`, or `demo+ci` for the account `ci` of project `demo`. */
export function loginNameOf(identity: Identity): string | undefined {
  if (identity.kind === 'user') return identity.name
  return identity.kind === 'account' ? `${identity.project}+${identity.name}` : undefined
}
