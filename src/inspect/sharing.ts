import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import { isNamed, isOfThisProject } from '../records/holders.ts'
import { keyAfter, keyAfterPrefix, keys } from '../records/keys.ts'
import { type Holder, readHolderKey } from '../records/read-key.ts'
import type { MayRead } from './parts.ts'
import type { Count } from './repositories.ts'

const PAGE = 200
/** Projects that are passed over because the caller may not read them, at most: each costs a seek. */
const HIDDEN_LIMIT = 256

/** The repositories of readable projects that hold content, in the order of projects, from `first` on. */
export async function* readableHolders(
  metadata: MetadataStore,
  sha256: Digest,
  mayRead: MayRead,
  first?: Holder,
): AsyncGenerator<Holder> {
  const prefix = keys.holders(sha256)
  const begin = first && keys.holder(sha256, first.project, first.repo, first.digest)
  let [from, hidden] = [begin ?? prefix, 0]
  while (hidden < HIDDEN_LIMIT) {
    const page = await metadata.range({ prefix, from, limit: PAGE })
    const [head] = page
    if (head === undefined) return
    const { project } = readHolderKey(head.key)
    if (!(await mayRead(project))) {
      hidden += 1
      from = keyAfterPrefix(keys.holdersInProject(sha256, project))
      continue
    }
    for (const { key } of page) {
      const holder = readHolderKey(key)
      if (holder.project !== project) break
      yield holder
      from = keyAfter(key)
    }
    const last = page.at(-1)
    if (page.length < PAGE && last !== undefined && readHolderKey(last.key).project === project) return
  }
}

/** Holders that are looked at, at most, while none of them is of a project as it is now. */
const OLD_LIMIT = 64

/** Whether any project that the caller may read holds the content; one that was deleted does not, though its name is used again. */
export async function isReadable(
  metadata: MetadataStore,
  sha256: Digest,
  mayRead: MayRead,
): Promise<boolean> {
  let old = 0
  for await (const holder of readableHolders(metadata, sha256, mayRead)) {
    if ((await isOfThisProject(metadata, holder)) || (await isNamed(metadata, holder))) return true
    old += 1
    if (old === OLD_LIMIT) return false
  }
  return false
}

/** Images up to which the users of a layer are counted. */
const COUNT_LIMIT = 100

/** How many manifests refer to content, in repositories that the caller may read. */
export async function countUsers(metadata: MetadataStore, sha256: Digest, mayRead: MayRead): Promise<Count> {
  let count = 0
  for await (const { repo, digest } of readableHolders(metadata, sha256, mayRead)) {
    const edges = await metadata.range({ prefix: keys.edges(repo, digest), limit: COUNT_LIMIT + 1 - count })
    count += edges.length
    if (count > COUNT_LIMIT) return { count: COUNT_LIMIT, more: true }
  }
  return { count, more: false }
}
