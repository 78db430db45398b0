import { z } from 'zod'
import type { ApiClient } from './api-client.ts'
import { CommandError, Missing } from './failures.ts'

const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]

const descriptor = z.object({
  digest: z.string(),
  size: z.number(),
  mediaType: z.string().optional(),
  urls: z.array(z.string()).optional(),
})
type Descriptor = z.infer<typeof descriptor>
const manifestBody = z.object({
  config: descriptor.optional(),
  layers: z.array(descriptor).optional(),
  manifests: z.array(descriptor).optional(),
})
const referrersAnswer = z.object({ manifests: z.array(descriptor) })

export interface Blob {
  readonly digest: string
  /** Bytes. */
  readonly size: number
  /** A layer that is kept elsewhere, or what an index names that is no manifest. */
  readonly mayBeAbsent: boolean
}

/** A manifest of a repository, byte for byte. */
export interface StoredManifest {
  readonly digest: string
  readonly mediaType: string
  readonly bytes: Buffer
}

/** Reads images of one repository as clients pull them, each manifest once. */
export class ImageContent {
  readonly #api: ApiClient
  readonly #repository: string
  /** Manifests in an order in which they can be pushed: what one refers to comes before it. */
  readonly manifests: StoredManifest[] = []
  readonly blobs = new Map<string, Blob>()
  /** Of each manifest, the blobs that it and its children refer to. */
  readonly #blobsOf = new Map<string, ReadonlySet<string>>()
  readonly #referrersRead = new Set<string>()

  constructor(api: ApiClient, repository: string) {
    this.#api = api
    this.#repository = repository
  }

  /** Reads a manifest with all that it refers to; its digest. Throws CommandError when it is not there. */
  async read(reference: string): Promise<string> {
    if (this.#blobsOf.has(reference)) return reference
    const manifest = await this.#get(reference)
    if (this.#blobsOf.has(manifest.digest)) return manifest.digest
    const { config, layers = [], manifests = [] } = manifestBody.parse(JSON.parse(manifest.bytes.toString()))
    const used = new Set<string>()
    for (const blob of config === undefined ? layers : [config, ...layers])
      used.add(this.#addBlob(blob, blob.urls !== undefined))
    for (const child of manifests) for (const digest of await this.#readChild(child)) used.add(digest)
    this.#blobsOf.set(manifest.digest, used)
    this.manifests.push(manifest)
    return manifest.digest
  }

  /** Digests of the blobs behind what an index names: nobody need have pushed every image, and BuildKit's caches name layers. */
  async #readChild(child: Descriptor): Promise<ReadonlySet<string>> {
    if (child.mediaType !== undefined && !MANIFEST_TYPES.includes(child.mediaType))
      return new Set([this.#addBlob(child, true)])
    try {
      return this.blobsOf(await this.read(child.digest))
    } catch (error) {
      if (error instanceof Missing) return new Set()
      throw error
    }
  }

  #addBlob({ digest, size }: Descriptor, mayBeAbsent: boolean): string {
    const isNeeded = this.blobs.get(digest)?.mayBeAbsent === false
    this.blobs.set(digest, { digest, size, mayBeAbsent: mayBeAbsent && !isNeeded })
    return digest
  }

  /** Reads what refers to a manifest, such as signatures, and what refers to that. */
  async readReferrers(digest: string): Promise<void> {
    if (this.#referrersRead.has(digest)) return
    this.#referrersRead.add(digest)
    let path: string | undefined = `/v2/${this.#repository}/referrers/${digest}`
    while (path !== undefined) {
      const { headers, body } = await this.#api.ask({ method: 'GET', path })
      for (const { digest: referrer } of referrersAnswer.parse(JSON.parse(body.toString())).manifests) {
        await this.read(referrer)
        await this.readReferrers(referrer)
      }
      path = /^<([^>]+)>/.exec(String(headers['link'] ?? ''))?.[1]
    }
  }

  /** Digests of the blobs behind a manifest that was read. */
  blobsOf(digest: string): ReadonlySet<string> {
    return this.#blobsOf.get(digest) ?? new Set()
  }

  /** The bytes of blobs that were read. */
  bytesOf(digests: Iterable<string>): number {
    return [...digests].reduce((sum, digest) => sum + (this.blobs.get(digest)?.size ?? 0), 0)
  }

  async #get(reference: string): Promise<StoredManifest> {
    const { headers, body } = await this.#api.ask({
      method: 'GET',
      path: `/v2/${this.#repository}/manifests/${reference}`,
      headers: { accept: MANIFEST_TYPES.join(', ') },
    })
    const digest = headers['docker-content-digest']
    const mediaType = headers['content-type']
    if (typeof digest === 'string' && mediaType !== undefined) return { digest, mediaType, bytes: body }
    throw new CommandError(
      `The answer to ${this.#repository} ${reference} is no manifest. Is LAMINA_URL a registry?`,
    )
  }
}
