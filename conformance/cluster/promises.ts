import { type Blob, digestOf } from '../fixtures/image.ts'
import { expect } from '../report.ts'
import type { Cluster, Stores } from '../servers/cluster.ts'
import { acceptedManifests, RegistryClient } from '../servers/registry-client.ts'
import { hashObjects } from './objects.ts'

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
    for (const { repository, tag, digest } of this.#tags.values()) {
      const answer = await client.request('GET', `/v2/${repository}/manifests/${tag}`, {
        headers: { accept: acceptedManifests },
      })
      expect(answer.status === 200, `${repository}:${tag} was answered 201, now ${answer.status}`)
      expect(digestOf(answer.body) === digest, `${repository}:${tag} is another image`)
      const { content } = await client.manifest(repository, tag)
      for (const child of [content.config, ...(content.layers ?? [])]) {
        if (child === undefined || digests.has(`${repository} ${child.digest}`)) continue
        await client.checkBlob(repository, child.digest)
        digests.add(`${repository} ${child.digest}`)
      }
    }
    for (const [key, { repository, digest }] of this.#blobs) {
      if (!digests.has(key)) await client.checkBlob(repository, digest)
      digests.add(key)
    }
    client.close()
    const { sound, bytes } = await hashObjects(stores, cluster.settings)
    const missing = [...digests]
      .map((key) => key.slice(key.indexOf(' ') + 1))
      .filter((digest) => !sound.has(digest))
    expect(missing.length === 0, `not among the objects of the bucket: ${missing.slice(0, 5).join(' ')}`)
    return `${this.#tags.size} tags and ${digests.size} blobs pulled and hashed, ${sound.size} objects of ${(bytes / 2 ** 20).toFixed(0)} MiB hashed`
  }
}
