import type { Digest } from '../oci/digest.ts'
import { blobCodec, linkCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { graveCodec } from '../records/review.ts'
import { TupleReader } from '../records/tuple.ts'
import { parentFromKey, tagFromKey } from '../registry/delete-manifest.ts'
import type { RegistryParts } from '../registry/parts.ts'
import { repositoriesIn } from '../registry/repositories.ts'

/** Reasons of one kind that are listed: what is used a thousand times is not about to go. */
const MOST = 100

/** A manifest that leads to something. */
interface Use {
  readonly manifest: Digest
  readonly tags: readonly string[]
  /** It was deleted, and counts until then (milliseconds). */
  readonly deletedUntil?: number
}

/** What keeps a blob in one repository. */
interface HeldIn {
  readonly project: string
  /** Absent when the repository is deleted, and about to be cleared. */
  readonly repository?: string | undefined
  readonly digest: Digest
  readonly uses: readonly Use[]
  /** A client was told that it is here: it stays until then (milliseconds), used or not. */
  readonly sparedUntil: number
}

export interface Explanation {
  readonly digest: Digest
  readonly size: number
  readonly holders: readonly HeldIn[]
}

/** What keeps a blob, named by its sha256; undefined when it is not here. */
export async function explainBlob(parts: RegistryParts, digest: Digest): Promise<Explanation | undefined> {
  const { metadata } = parts
  const [stored] = await metadata.read([keys.blob(digest)])
  if (stored === undefined) return undefined
  const entries = await metadata.range({ prefix: keys.holders(digest), limit: MOST })
  const holders: HeldIn[] = []
  for (const { key } of entries) {
    const reader = new TupleReader(key)
    reader.digest()
    const project = reader.text()
    const repo = Buffer.from(reader.bytes(8)).toString('hex')
    holders.push(await heldIn(parts, { project, repo, digest: reader.digest() }))
  }
  return { digest, size: blobCodec.decode(stored.value).size, holders }
}

async function heldIn(
  parts: RegistryParts,
  holder: { readonly project: string; readonly repo: string; readonly digest: Digest },
): Promise<HeldIn> {
  const { project, repo, digest } = holder
  const [link] = await parts.metadata.read([keys.link(repo, digest)])
  const edges = await parts.metadata.range({ prefix: keys.edges(repo, digest), limit: MOST })
  const uses: Use[] = []
  for (const { key } of edges) uses.push(await useOf(parts, repo, parentFromKey(key)))
  const confirmed = link === undefined ? 0 : linkCodec.decode(link.value).confirmed
  const repository = await nameOf(parts, project, repo)
  return { project, repository, digest, uses, sparedUntil: confirmed + parts.settings.grace }
}

async function useOf({ metadata }: RegistryParts, repo: string, manifest: Digest): Promise<Use> {
  const [grave] = await metadata.read([keys.grave(repo, manifest)])
  const tagged = await metadata.range({ prefix: keys.tagsOf(repo, manifest), limit: MOST })
  const tags = tagged.map(({ key }) => tagFromKey(key))
  return { manifest, tags, ...(grave && { deletedUntil: graveCodec.decode(grave.value).until }) }
}

async function nameOf(
  { metadata }: RegistryParts,
  project: string,
  repo: string,
): Promise<string | undefined> {
  for await (const { id, name } of repositoriesIn(metadata, project)) if (id === repo) return name
  return undefined
}
