import { fewAtOnce } from '../few-at-once.ts'
import type { Blob } from '../fixtures/image.ts'
import { expect } from '../report.ts'
import type { Cluster, Stores } from '../servers/cluster.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { hashObjects } from './objects.ts'

/** Things read back at the same time. */
const AT_ONCE = 8

/** What was answered 201, and therefore must be there for ever: the clients' own list. */
export class Promises {
  readonly #blobs = new Map<string, { repository: string; digest: string }>()
  readonly #tags = new Map<string, { repository: string; tag: string; digest: string }>()

  get images(): number {
    return this.#tags.size
  }

  blob(repository: string, { digest }: Pick<Blob, 'digest'>): void {
    this.#blobs.set(`${repository} ${digest}`, { repository, digest })
  }

  tag(repository: string, tag: string, { digest }: Pick<Blob, 'digest'>): void {
    this.#tags.set(`${repository}:${tag}`, { repository, tag, digest })
  }

  /** Any tag, for readers; undefined while there is none. */
  anyTag(roll: (end: number) => number): { repository: string; tag: string; digest: string } | undefined {
    return [...this.#tags.values()][roll(this.#tags.size || 1)]
  }

  /**
   * Pulls and hashes everything through the balancer, and hashes every object of the bucket past the registry. Throws
   * at the first thing that is missing or different.
   */
  async verify(cluster: Cluster, stores: Stores): Promise<string> {
    const client = new RegistryClient(cluster.url)
    const digests = new Set<string>()
    const checkOnce = async (repository: string, digest: string): Promise<void> => {
      const key = `${repository} ${digest}`
      if (digests.has(key)) return
      digests.add(key)
      await client.checkBlob(repository, digest)
    }
    await fewAtOnce(AT_ONCE, this.#tags.values(), async ({ repository, tag, digest }) => {
      const found = await client.manifest(repository, tag)
      expect(found.digest === digest, `${repository}:${tag} is another image`)
      for (const child of [found.content.config, ...(found.content.layers ?? [])])
        if (child !== undefined) await checkOnce(repository, child.digest)
    })
    await fewAtOnce(AT_ONCE, this.#blobs.values(), ({ repository, digest }) => checkOnce(repository, digest))
    client.close()
    const { sound, bytes } = await hashObjects(stores, cluster.settings)
    const missing = [...digests]
      .map((key) => key.slice(key.indexOf(' ') + 1))
      .filter((digest) => !sound.has(digest))
    expect(missing.length === 0, `not among the objects of the bucket: ${missing.slice(0, 5).join(' ')}`)
    return `${this.#tags.size} tags and ${digests.size} blobs pulled and hashed, ${sound.size} objects of ${(bytes / 2 ** 20).toFixed(0)} MiB hashed`
  }
}
