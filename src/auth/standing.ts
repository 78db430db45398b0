import type { MetadataStore, Stored } from '../../storage/metadata/metadata-store.ts'
import { accountCodec } from '../records/account.ts'
import { keys } from '../records/keys.ts'
import { memberCodec, projectCodec } from '../records/project.ts'
import { userCodec } from '../records/user.ts'
import type { Standing } from './access.ts'
import type { Caller, Identity } from './identity.ts'

/** Who a caller is by its record of now, and what it is in a project. */
export interface Found {
  /** Undefined: the account is disabled, over, deleted, or another one than when the token was issued. */
  readonly identity: Identity | undefined
  readonly standing: Standing
  /** When the account ends by itself, in milliseconds. */
  readonly expires: number | undefined
}

/** Whoever is asked about, and when, in milliseconds. */
export interface Who extends Pick<Caller, 'identity' | 'issued'> {
  readonly at: number
}

/** What is known where no project is concerned. */
export const NO_PROJECT: Standing = { exists: false, public: false }

/** Reads in one go what a decision about `project` (or about none) needs. */
export async function lookUp(metadata: MetadataStore, who: Who, project: string | undefined): Promise<Found> {
  const { standings, ...found } = await lookUpAll(metadata, who, project === undefined ? [] : [project])
  return { ...found, standing: standings[0] ?? NO_PROJECT }
}

/** As lookUp for several projects, still in one read; `standings` are in the order of `projects`. */
export async function lookUpAll(metadata: MetadataStore, who: Who, projects: readonly string[]) {
  const { identity } = who
  const own = ownKey(identity)
  const user = identity.kind === 'user' ? identity.name : undefined
  const perProject = projects.flatMap((project) =>
    user === undefined ? [keys.project(project)] : [keys.project(project), keys.member(project, user)],
  )
  const wanted = own === undefined ? perProject : [own, ...perProject]
  const rows = wanted.length === 0 ? [] : await metadata.read(wanted)
  const now = currentIdentity(who, own === undefined ? undefined : rows[0])
  const offset = own === undefined ? 0 : 1
  const stride = user === undefined ? 1 : 2
  const standings = projects.map((project, index) => {
    const at = offset + index * stride
    return standingOf(now, project, rows[at], user === undefined ? undefined : rows[at + 1])
  })
  const account = identity.kind === 'account' ? rows[0] : undefined
  return { identity: now, standings, expires: account && accountCodec.decode(account.value).expires }
}

/** The identity with the rank of its record; undefined when there is no such account any more. */
export function currentIdentity(who: Who, row: Stored | undefined): Identity | undefined {
  const { identity, issued, at } = who
  if (identity.kind !== 'user' && identity.kind !== 'account') return identity
  if (row === undefined) return undefined
  // Tokens carry whole seconds; an account that was made after them only shares the name. One that is made in the future
  // was made before the clock was set back, as at a first start, and whoever logs in now means that one.
  const replaced = (created: number) => issued !== undefined && created > issued + 999 && created <= at
  if (identity.kind === 'user') {
    const record = userCodec.decode(row.value)
    if (record.disabled === true || replaced(record.created)) return undefined
    return { ...identity, administrator: record.administrator }
  }
  const record = accountCodec.decode(row.value)
  if (replaced(record.created)) return undefined
  if (record.expires !== undefined && record.expires <= at) return undefined
  return { ...identity, role: record.role }
}

/** The key of an account's own record; undefined for identities without one. */
export function ownKey(identity: Identity): Uint8Array | undefined {
  if (identity.kind === 'user') return keys.user(identity.name)
  return identity.kind === 'account' ? keys.account(identity.project, identity.name) : undefined
}

function standingOf(
  identity: Identity | undefined,
  project: string,
  row: Stored | undefined,
  memberRow: Stored | undefined,
): Standing {
  if (row === undefined) return NO_PROJECT
  const known = { exists: true, public: projectCodec.decode(row.value).public }
  if (memberRow !== undefined) return { ...known, role: memberCodec.decode(memberRow.value).role }
  if (identity?.kind === 'account' && identity.project === project) return { ...known, role: identity.role }
  return known
}
