/**
 * Who looks at projects, as far as this folder has to know; `Identity` of auth fits.
 * The rank in it must be of now: access control gives such an identity with its decision.
 */
export type Reader =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'unchecked' }
  | { readonly kind: 'user'; readonly name: string; readonly administrator: boolean }
  | { readonly kind: 'account'; readonly project: string }
