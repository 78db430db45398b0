import type { Digest } from '../oci/digest.ts'
import { joinName, type RepositoryName } from '../oci/name.ts'
import { parseTag, type Tag } from '../oci/tag.ts'
import type { RepositoryId } from './keys.ts'
import { TupleReader } from './tuple.ts'

// What the keys of keys.ts hold. All throw TypeError on a key of another shape.

/** Of a link, manifest, body, pull, mark or grave. */
export function readContentKey(key: Uint8Array): { readonly repo: RepositoryId; readonly digest: Digest } {
  const reader = new TupleReader(key)
  return { repo: reader.repository(), digest: reader.digest() }
}

export function readEdgeKey(key: Uint8Array): {
  readonly repo: RepositoryId
  readonly child: Digest
  readonly parent: Digest
} {
  const reader = new TupleReader(key)
  return { repo: reader.repository(), child: reader.digest(), parent: reader.digest() }
}

export function readReferrerKey(key: Uint8Array): {
  readonly repo: RepositoryId
  readonly subject: Digest
  readonly digest: Digest
} {
  const reader = new TupleReader(key)
  return { repo: reader.repository(), subject: reader.digest(), digest: reader.digest() }
}

export function readTagKey(key: Uint8Array): { readonly repo: RepositoryId; readonly tag: Tag } {
  const reader = new TupleReader(key)
  return { repo: reader.repository(), tag: tagIn(reader) }
}

export function readTaggedKey(key: Uint8Array): {
  readonly repo: RepositoryId
  readonly digest: Digest
  readonly tag: Tag
} {
  const reader = new TupleReader(key)
  return { repo: reader.repository(), digest: reader.digest(), tag: tagIn(reader) }
}

export function readTagLogKey(key: Uint8Array): {
  readonly repo: RepositoryId
  readonly tag: Tag
  readonly sequence: bigint
} {
  const reader = new TupleReader(key)
  return { repo: reader.repository(), tag: tagIn(reader), sequence: reader.uint64() }
}

/** Where content may be read. */
export interface Holder {
  readonly project: string
  readonly repo: RepositoryId
  readonly digest: Digest
}

export function readHolderKey(key: Uint8Array): Holder & { readonly sha256: Digest } {
  const reader = new TupleReader(key)
  const [sha256, project] = [reader.digest(), reader.text()]
  return { sha256, project, repo: reader.repository(), digest: reader.digest() }
}

export function readChargeKey(key: Uint8Array): { readonly project: string; readonly sha256: Digest } {
  const reader = new TupleReader(key)
  return { project: reader.text(), sha256: reader.digest() }
}

export function readRepositoryKey(key: Uint8Array): RepositoryName {
  const reader = new TupleReader(key)
  const [project, rest] = [reader.text(), reader.text()]
  const name = joinName(project, rest)
  if (name === undefined)
    throw new TypeError(`repository key holds '${project}/${rest}', which is not a name`)
  return name
}

function tagIn(reader: TupleReader): Tag {
  const text = reader.text()
  const tag = parseTag(text)
  if (tag === undefined) throw new TypeError(`key holds '${text}', which is not a tag`)
  return tag
}
