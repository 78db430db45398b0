import type { AccessControl } from '../../auth/access-control.ts'
import { accountOf, type Identity } from '../../auth/identity.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { MayPush } from '../../registry/blobs.ts'
import type { RegistryParts } from '../../registry/parts.ts'
import type { Uploads } from '../../registry/uploads.ts'
import type { Exchange } from '../exchange.ts'
import type { InTurn } from '../turns.ts'

/** What the handlers of /v2/ ask. */
export interface DistributionParts {
  readonly registry: RegistryParts
  readonly uploads: Uploads
  /** Whether clients that pull a blob are sent to the blob store itself, where it has URLs. */
  readonly redirect: boolean
  /** Whether the first page of a list of tags says what lies in the name, as gcr.io does. */
  readonly listFolders: boolean
  /** Turns of lists that are long. */
  readonly longLists: InTurn
  /** Turns of those who push a manifest that is large, or whose length they do not say: before it is received. */
  readonly largeBodies: InTurn
  /** Turns of large manifests that are here, to be stored. */
  readonly largeManifests: InTurn
  readonly access: AccessControl
  /** Names of the projects that one may pull from, in order, behind `after`. */
  readonly readableProjects: (identity: Identity, after: string | undefined) => AsyncIterable<string>
}

/** Whether the caller may push here: asked only when a record must be renewed. */
export function mayPush(parts: DistributionParts, exchange: Exchange, name: RepositoryName): MayPush {
  return async () => (await parts.access.check(exchange.caller, 'push', name)).outcome === 'allowed'
}

/** What a proxy in between may keep: content of a public project anyone, of a private one only the caller. */
export function immutable(exchange: Exchange): string {
  return `${exchange.isPublic ? 'public' : 'private'}, max-age=31536000, immutable`
}

export function accountName(exchange: Exchange): string {
  return accountOf(exchange.caller.identity)
}
