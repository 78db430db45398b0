import { LRUCache } from 'lru-cache'
import type { ImageSource } from '../../inspect/image-source.ts'
import { RecentConfigs } from '../../inspect/recent-configs.ts'
import type { ParsedManifest } from '../../oci/manifest.ts'
import { getBlob, mayNotPush } from '../../registry/blobs.ts'
import { getManifest } from '../../registry/manifests.ts'
import { parseManifestAside } from '../../registry/parse-manifest.ts'
import type { RegistryParts } from '../../registry/parts.ts'
import { SharedWork } from './shared-work.ts'

/** Bytes from which on parsing takes long; of so many what was made of them is remembered. */
const LARGE = 256 * 1024
const REMEMBERED = 8 * 1024 * 1024

/** Large manifests, parsed once while they are remembered, however many ask for them: a digest always means the same. */
class LargeManifests {
  readonly #parsing = new SharedWork<ParsedManifest | string>()
  readonly #known = new LRUCache<string, { readonly parsed: ParsedManifest | string }>({
    maxSize: REMEMBERED,
  })

  async of(key: string, bytes: Uint8Array, mediaType: string): Promise<ParsedManifest | string> {
    const known = this.#known.get(key)
    if (known !== undefined) return known.parsed
    return this.#parsing.of(key, async () => {
      const parsed = await parseManifestAside(bytes, mediaType)
      this.#known.set(key, { parsed }, { size: bytes.length })
      return parsed
    })
  }
}

/** The registry as the inspector reads it: a look confirms nothing to a client that may push. */
export function registrySource(registry: RegistryParts): ImageSource {
  const large = new LargeManifests()
  const configs = new RecentConfigs((name, digest) => getBlob(registry, name, digest, mayNotPush))
  return {
    manifest: async (name, reference) => {
      const found = await getManifest(registry, name, reference, mayNotPush)
      return { digest: found.digest, mediaType: found.mediaType, bytes: await found.read() }
    },
    parse: ({ digest, mediaType, bytes }) =>
      bytes.length > LARGE
        ? large.of(`${digest} ${mediaType}`, bytes, mediaType)
        : parseManifestAside(bytes, mediaType),
    config: (name, digest) => configs.of(name, digest),
  }
}
