import type { Digest, DigestPrefix } from '../oci/digest.ts'
import { projectOf, type RepositoryName, restOf } from '../oci/name.ts'
import { digestComponent, digestPrefixComponent, tuple, uint64Component } from './tuple.ts'

/**
 * The whole key tree. Nobody else builds a key. ⟨x⟩ is one component (tuple.ts); ⟨repo⟩ is the repository's id:
 * 8 random bytes, never used again, so a deleted name can be taken at once while old records are cleared.
 *
 *   01 project     ⟨name⟩                              settings
 *   02 member      ⟨project⟩⟨user⟩                      role
 *   03 membership  ⟨user⟩⟨project⟩                      reverse of member
 *   04 public      ⟨project⟩                           projects that anyone may pull from
 *   05 repo        ⟨project⟩⟨rest⟩                      id, created
 *   10 blob        ⟨sha256⟩                            size, location; the sha256 names the content
 *   11 alias       ⟨other digest⟩                      the sha256 of the same bytes
 *   12 link        ⟨repo⟩⟨digest as pushed⟩             the blob may be read in this repository
 *   13 holder      ⟨sha256⟩⟨project⟩⟨repo⟩⟨digest⟩        reverse of link
 *   20 manifest    ⟨repo⟩⟨digest⟩                       what the manifest says of itself
 *   21 body        ⟨repo⟩⟨digest⟩                       its exact bytes
 *   22 edge        ⟨repo⟩⟨child⟩⟨parent⟩                 a manifest refers to a blob or manifest
 *   23 tag         ⟨repo⟩⟨tag⟩                          digest, with its algorithm
 *   24 tagged      ⟨repo⟩⟨digest⟩⟨tag⟩                   reverse of tag
 *   25 tag-log     ⟨repo⟩⟨tag⟩⟨sequence⟩                 history
 *   26 referrer    ⟨repo⟩⟨subject⟩⟨digest⟩               the ready descriptor
 *   27 pulled      ⟨repo⟩⟨digest⟩                       when it was last pulled
 *   28 keep        ⟨repo⟩⟨digest⟩                       no retention rule may take it
 *   29 grave       ⟨repo⟩⟨digest⟩                       a deleted manifest, restorable until it ends
 *   30 charge      ⟨project⟩⟨sha256⟩                    content counted once for a project
 *   31 usage       ⟨project⟩⟨id⟩                        bytes gained or lost; their sum has an empty id
 *   32 policy      ⟨project⟩                           quota, immutable tags, retention
 *   40 upload      ⟨id⟩                                an upload session
 *   41 review      ⟨due⟩⟨kind⟩⟨repo⟩⟨digest⟩              something may have become unused, or a repository is deleted
 *   42 trash       ⟨due⟩⟨location⟩                      bytes to remove
 *   43 lease       ⟨job⟩                               which process does it now
 *   44 outbox      ⟨due⟩⟨id⟩                            keys that a commit changed, while the registry moves
 *   45 upload-of   ⟨account⟩⟨id⟩                       its open sessions, to count them
 *   46 dead-letter ⟨job⟩⟨item⟩                          items that failed, and when they are tried again
 *   47 migration   ⟨side⟩                              the move of the registry to other stores
 *   48 index-queue ⟨sha256⟩                            a layer that waits for its index, or gets it now
 *   49 login-failures ⟨sha256 of account and network⟩   wrong passwords that replicas count together
 *   4a event       ⟨at⟩⟨sequence⟩⟨id⟩                   what happened to a tag, until the webhook was told
 *   50 user        ⟨name⟩
 *   51 credential  ⟨sha256 of the secret⟩              a personal token or a service account's key
 *   52 credential-of ⟨owner⟩⟨id⟩                        reverse of credential
 *   53 signing-key ⟨id⟩
 *   54 account     ⟨project⟩⟨name⟩                      a service account
 *   60 layer-index ⟨sha256⟩                            what is known of a layer's inside, and where its index is
 *   61 seek-points ⟨sha256⟩                            where reading can begin inside a layer
 *   62 badge       ⟨project⟩⟨sha256 of the key⟩          a key that shows the badges of a private repository
 *   63 cluster                                       the registry's own id, for stores that others could use too
 *   64 runtime     ⟨name⟩                              a setting that all replicas share, changed while they run
 *   65 damaged     ⟨sha256⟩                            a blob whose bytes were found missing or wrong
 *   66 hold        ⟨id⟩                                a backup under way: no trash is emptied
 *   67 cursor      ⟨job⟩                               how far a long job is
 *   68 session     ⟨owner⟩⟨id⟩                          a browser that is signed in
 *
 * Owners (whose record is checked or written by who adds to a range that someone may check):
 * blob → its holders, link → its edges, manifest → its tags, edges and referrers, project → its repositories.
 */
const TABLE = {
  project: 0x01,
  member: 0x02,
  membership: 0x03,
  public: 0x04,
  repo: 0x05,
  blob: 0x10,
  alias: 0x11,
  link: 0x12,
  holder: 0x13,
  manifest: 0x20,
  body: 0x21,
  edge: 0x22,
  tag: 0x23,
  tagged: 0x24,
  tagLog: 0x25,
  referrer: 0x26,
  pulled: 0x27,
  keep: 0x28,
  grave: 0x29,
  charge: 0x30,
  usage: 0x31,
  policy: 0x32,
  upload: 0x40,
  review: 0x41,
  trash: 0x42,
  lease: 0x43,
  outbox: 0x44,
  uploadOf: 0x45,
  deadLetter: 0x46,
  migration: 0x47,
  indexQueue: 0x48,
  loginFailures: 0x49,
  event: 0x4a,
  user: 0x50,
  credential: 0x51,
  credentialOf: 0x52,
  signingKey: 0x53,
  account: 0x54,
  layerIndex: 0x60,
  seekPoints: 0x61,
  badge: 0x62,
  cluster: 0x63,
  runtime: 0x64,
  damaged: 0x65,
  hold: 0x66,
  cursor: 0x67,
  session: 0x68,
} as const

/** A repository's id: 8 bytes as 16 hex digits. */
export type RepositoryId = string

/**
 * The kinds whose keys begin with a repository's id, in the order in which a deleted repository is cleared of them: tags
 * go before their history and manifests before their graves, so that a request that still runs finds nothing to write
 * a new record beside.
 */
export const REPOSITORY_KINDS = [
  'tag',
  'tagged',
  'tagLog',
  'manifest',
  'referrer',
  'grave',
  'body',
  'edge',
  'pulled',
  'keep',
  'link',
] as const
export type RepositoryKind = (typeof REPOSITORY_KINDS)[number]

/** The only maker of keys that begin with a repository's id, so that none is left when the repository is deleted. */
function inRepository(
  kind: RepositoryKind,
  repo: RepositoryId,
  ...rest: (string | Uint8Array)[]
): Uint8Array {
  return tuple(TABLE[kind], repoComponent(repo), ...rest)
}

function repoComponent(repo: RepositoryId): Uint8Array {
  return Buffer.from(repo, 'hex')
}

export const keys = {
  /** Every key of a kind. */
  all: (kind: Kind) => tuple(TABLE[kind]),
  /** Every key of a kind in a repository. */
  allIn: (repo: RepositoryId, kind: RepositoryKind) => inRepository(kind, repo),
  project: (name: string) => tuple(TABLE.project, name),
  projects: () => tuple(TABLE.project),
  member: (project: string, user: string) => tuple(TABLE.member, project, user),
  members: (project: string) => tuple(TABLE.member, project),
  membership: (user: string, project: string) => tuple(TABLE.membership, user, project),
  memberships: (user: string) => tuple(TABLE.membership, user),
  publicProject: (project: string) => tuple(TABLE.public, project),
  publicProjects: () => tuple(TABLE.public),
  repository: (name: RepositoryName) => tuple(TABLE.repo, projectOf(name), restOf(name)),
  repositories: (project: string) => tuple(TABLE.repo, project),

  blob: (sha256: Digest) => tuple(TABLE.blob, digestComponent(sha256)),
  blobs: () => tuple(TABLE.blob),
  blobsFrom: (begin: DigestPrefix) => tuple(TABLE.blob, digestPrefixComponent(begin)),
  alias: (digest: Digest) => tuple(TABLE.alias, digestComponent(digest)),
  link: (repo: RepositoryId, digest: Digest) => inRepository('link', repo, digestComponent(digest)),
  holder: (sha256: Digest, project: string, repo: RepositoryId, digest: Digest) =>
    tuple(TABLE.holder, digestComponent(sha256), project, repoComponent(repo), digestComponent(digest)),
  holders: (sha256: Digest) => tuple(TABLE.holder, digestComponent(sha256)),
  holdersInProject: (sha256: Digest, project: string) =>
    tuple(TABLE.holder, digestComponent(sha256), project),

  manifest: (repo: RepositoryId, digest: Digest) => inRepository('manifest', repo, digestComponent(digest)),
  manifests: (repo: RepositoryId) => inRepository('manifest', repo),
  manifestsFrom: (repo: RepositoryId, begin: DigestPrefix) =>
    inRepository('manifest', repo, digestPrefixComponent(begin)),
  body: (repo: RepositoryId, digest: Digest) => inRepository('body', repo, digestComponent(digest)),
  edge: (repo: RepositoryId, child: Digest, parent: Digest) =>
    inRepository('edge', repo, digestComponent(child), digestComponent(parent)),
  edges: (repo: RepositoryId, child: Digest) => inRepository('edge', repo, digestComponent(child)),
  tag: (repo: RepositoryId, tag: string) => inRepository('tag', repo, tag),
  tags: (repo: RepositoryId) => inRepository('tag', repo),
  /** Every tag that begins so. */
  tagsFrom: (repo: RepositoryId, begin: string) => inRepository('tag', repo, Buffer.from(begin)),
  tagged: (repo: RepositoryId, digest: Digest, tag: string) =>
    inRepository('tagged', repo, digestComponent(digest), tag),
  tagsOf: (repo: RepositoryId, digest: Digest) => inRepository('tagged', repo, digestComponent(digest)),
  tagLogEntry: (repo: RepositoryId, tag: string, sequence: bigint) =>
    inRepository('tagLog', repo, tag, uint64Component(sequence)),
  tagLog: (repo: RepositoryId, tag: string) => inRepository('tagLog', repo, tag),
  referrer: (repo: RepositoryId, subject: Digest, digest: Digest) =>
    inRepository('referrer', repo, digestComponent(subject), digestComponent(digest)),
  referrers: (repo: RepositoryId, subject: Digest) =>
    inRepository('referrer', repo, digestComponent(subject)),

  pulled: (repo: RepositoryId, digest: Digest) => inRepository('pulled', repo, digestComponent(digest)),
  keep: (repo: RepositoryId, digest: Digest) => inRepository('keep', repo, digestComponent(digest)),
  grave: (repo: RepositoryId, digest: Digest) => inRepository('grave', repo, digestComponent(digest)),
  graves: (repo: RepositoryId) => inRepository('grave', repo),

  charge: (project: string, sha256: Digest) => tuple(TABLE.charge, project, digestComponent(sha256)),
  charges: (project: string) => tuple(TABLE.charge, project),
  allCharges: () => tuple(TABLE.charge),
  usage: (project: string, id: string) => tuple(TABLE.usage, project, id),
  usages: (project: string) => tuple(TABLE.usage, project),
  allUsages: () => tuple(TABLE.usage),
  policy: (project: string) => tuple(TABLE.policy, project),
  policies: () => tuple(TABLE.policy),

  upload: (id: string) => tuple(TABLE.upload, id),
  uploads: () => tuple(TABLE.upload),
  uploadOf: (account: string, id: string) => tuple(TABLE.uploadOf, account, id),
  uploadsOf: (account: string) => tuple(TABLE.uploadOf, account),
  review: (due: number, kind: string, repo: RepositoryId, digest: Digest | undefined) => {
    const what = [uint64Component(due), kind, repoComponent(repo)]
    return tuple(TABLE.review, ...what, ...(digest === undefined ? [] : [digestComponent(digest)]))
  },
  reviews: () => tuple(TABLE.review),
  /** The first key behind all that are due at `now`. */
  reviewsUntil: (now: number) => tuple(TABLE.review, uint64Component(now + 1)),
  trash: (due: number, location: string) => tuple(TABLE.trash, uint64Component(due), location),
  allTrash: () => tuple(TABLE.trash),
  lease: (job: string) => tuple(TABLE.lease, job),
  deadLetter: (job: string, item: string) => tuple(TABLE.deadLetter, job, item),
  deadLetters: (job: string) => tuple(TABLE.deadLetter, job),

  outbox: (due: number, id: Uint8Array) => tuple(TABLE.outbox, uint64Component(due), id),
  allOutbox: () => tuple(TABLE.outbox),
  migration: (side: 'source' | 'target') => tuple(TABLE.migration, side),

  loginFailures: (hash: Uint8Array) => tuple(TABLE.loginFailures, hash),
  /** By time; what happened to one tag within a millisecond, by its place in the tag's history. */
  event: (at: number, sequence: bigint, id: Uint8Array) =>
    tuple(TABLE.event, uint64Component(at), uint64Component(sequence), id),
  events: () => tuple(TABLE.event),
  user: (name: string) => tuple(TABLE.user, name),
  users: () => tuple(TABLE.user),
  credential: (secretHash: Uint8Array) => tuple(TABLE.credential, secretHash),
  credentialOf: (owner: string, id: string) => tuple(TABLE.credentialOf, owner, id),
  credentialsOf: (owner: string) => tuple(TABLE.credentialOf, owner),
  signingKey: (id: string) => tuple(TABLE.signingKey, id),
  signingKeys: () => tuple(TABLE.signingKey),
  account: (project: string, name: string) => tuple(TABLE.account, project, name),
  accounts: (project: string) => tuple(TABLE.account, project),
  badge: (project: string, keyHash: Uint8Array) => tuple(TABLE.badge, project, keyHash),
  badges: (project: string) => tuple(TABLE.badge, project),
  cluster: () => tuple(TABLE.cluster),
  session: (owner: string, id: string) => tuple(TABLE.session, owner, id),
  sessionsOf: (owner: string) => tuple(TABLE.session, owner),
  sessions: () => tuple(TABLE.session),

  runtimeSetting: (name: string) => tuple(TABLE.runtime, name),
  indexQueue: (sha256: Digest) => tuple(TABLE.indexQueue, digestComponent(sha256)),
  indexQueues: () => tuple(TABLE.indexQueue),
  layerIndex: (sha256: Digest) => tuple(TABLE.layerIndex, digestComponent(sha256)),
  layerIndexes: () => tuple(TABLE.layerIndex),
  seekPoints: (sha256: Digest) => tuple(TABLE.seekPoints, digestComponent(sha256)),
  allSeekPoints: () => tuple(TABLE.seekPoints),
  damaged: (sha256: Digest) => tuple(TABLE.damaged, digestComponent(sha256)),
  allDamaged: () => tuple(TABLE.damaged),
  hold: (id: string) => tuple(TABLE.hold, id),
  cursor: (job: string) => tuple(TABLE.cursor, job),
} as const

/** A kind of record, by its name in the table above. */
export type Kind = keyof typeof TABLE

/** Every kind of record with the prefix of its keys, in the order of the keys. */
export const KINDS: readonly { readonly kind: Kind; readonly prefix: Uint8Array }[] = Object.entries(TABLE)
  .toSorted(([, one], [, other]) => one - other)
  .flatMap(([kind, table]) => (isKind(kind) ? [{ kind, prefix: tuple(table) }] : []))

function isKind(name: string): name is Kind {
  return Object.hasOwn(TABLE, name)
}

const KIND_OF = new Map(KINDS.map(({ kind, prefix }) => [prefix[0], kind]))

/** What kind of record a key belongs to; undefined when this version knows none. */
export function kindOf(key: Uint8Array): Kind | undefined {
  return KIND_OF.get(key[0])
}

/** The first key after `key`: to continue a range behind it. */
export function keyAfter(key: Uint8Array): Uint8Array {
  return Buffer.concat([key, Uint8Array.of(0)])
}

/** The first key after every key that begins with `prefix`, whose last byte is never 0xff in this tree. */
export function keyAfterPrefix(prefix: Uint8Array): Uint8Array {
  const next = Buffer.from(prefix)
  next.writeUInt8(next.readUInt8(next.length - 1) + 1, next.length - 1)
  return next
}
