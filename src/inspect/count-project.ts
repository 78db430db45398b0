import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { repositoriesIn } from '../records/repositories.ts'
import { contentsOfEach } from './contents.ts'
import type { Count } from './repositories.ts'

/** Numbers of a project. Bytes are as stored: compressed, mostly. */
export interface ProjectCounts {
  readonly repositories: Count
  readonly manifests: number
  /** What all manifests refer to, each time that they do. */
  readonly logicalBytes: number
  /** The same content once. */
  readonly storedBytes: number
  /** When a manifest was last pushed for the first time. */
  readonly pushed: number | undefined
}

/** What is counted on request; a larger project gets the numbers of its first part. */
const MANIFEST_LIMIT = 5000
const REPOSITORY_LIMIT = 500

/** Counts what a project holds. `repositories.more` says that there is more than was counted. */
export async function countProject(metadata: MetadataStore, project: string): Promise<ProjectCounts> {
  const stored = new Map<string, number>()
  const sum = { repositories: 0, manifests: 0, logicalBytes: 0, pushed: 0 }
  let more = false
  for await (const { id } of repositoriesIn(metadata, project)) {
    more = sum.manifests === MANIFEST_LIMIT || sum.repositories >= REPOSITORY_LIMIT
    if (more) break
    const before = sum.manifests
    for await (const { manifest, contents } of contentsOfEach(metadata, id)) {
      more = sum.manifests === MANIFEST_LIMIT
      if (more) break
      sum.manifests += 1
      sum.pushed = Math.max(sum.pushed, manifest.created)
      sum.logicalBytes += manifest.size
      for (const { sha256, size } of contents) {
        sum.logicalBytes += size
        stored.set(sha256, size)
      }
    }
    if (sum.manifests > before) sum.repositories += 1
    if (more) break
  }
  return {
    repositories: { count: sum.repositories, more },
    manifests: sum.manifests,
    logicalBytes: sum.logicalBytes,
    storedBytes: [...stored.values()].reduce((total, size) => total + size, 0),
    pushed: sum.pushed === 0 ? undefined : sum.pushed,
  }
}
