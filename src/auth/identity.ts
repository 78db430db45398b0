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
}

/** The stable name of an account in records and tokens; empty when anonymous. */
export function accountOf(identity: Identity): string {
  switch (identity.kind) {
    case 'anonymous':
      return ''
    case 'unchecked':
      return 'anyone'
    case 'user':
      return `user:${identity.name}`
    case 'account':
      return `account:${identity.project}/${identity.name}`
  }
}
