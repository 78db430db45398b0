import { formatScope, type ResourceScope } from './scope.ts'

/** What a 401 tells a client about where to get a token and for what. */
export interface Challenge {
  /** Absolute URL of the token endpoint: docker and podman do not resolve relative ones. */
  readonly realm: string
  readonly service: string
  /** Absent on `/v2/` itself. A mount names two resources. */
  readonly scope?: readonly ResourceScope[]
  /**
   * `insufficient_scope`: a valid token lacks the right. `invalid_token`: it is expired or wrong.
   * containerd keeps using a cached token unless this is there.
   */
  readonly error?: 'insufficient_scope' | 'invalid_token'
  /**
   * What is missing, for people. docker, podman, skopeo and buildah print it beside `insufficient_scope` and leave out
   * the body; an answer to HEAD has no other text.
   */
  readonly description?: string
}

/** The value of WWW-Authenticate: one challenge, every parameter quoted. */
export function formatChallenge(challenge: Challenge): string {
  const parts = [`realm=${quoted(challenge.realm)}`, `service=${quoted(challenge.service)}`]
  if (challenge.scope !== undefined && challenge.scope.length > 0)
    parts.push(`scope=${quoted(challenge.scope.map(formatScope).join(' '))}`)
  if (challenge.error !== undefined) parts.push(`error=${quoted(challenge.error)}`)
  // RFC 6750 §3: its values "MUST NOT include characters outside the set %x20-21 / %x23-5B / %x5D-7E".
  if (challenge.description !== undefined)
    parts.push(`error_description=${quoted(challenge.description.replaceAll(/["\\]/g, "'"))}`)
  return `Bearer ${parts.join(',')}`
}

/** RFC 9110 §5.6.4: a quoted-string escapes quote and backslash; what no header may hold is left out. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[^\x20-\x7e]/g, '').replaceAll(/["\\]/g, '\\$&')}"`
}
