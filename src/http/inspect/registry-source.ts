import type { ImageSource } from '../../inspect/image-source.ts'
import { RecentConfigs } from '../../inspect/recent-configs.ts'
import { getBlob, mayNotPush } from '../../registry/blobs.ts'
import { getManifest } from '../../registry/manifests.ts'
import type { RegistryParts } from '../../registry/parts.ts'

/** The registry as the inspector reads it: a look confirms nothing to a client that may push. */
export function registrySource(registry: RegistryParts): ImageSource {
  const configs = new RecentConfigs((name, digest) => getBlob(registry, name, digest, mayNotPush))
  return {
    manifest: async (name, reference) => {
      const found = await getManifest(registry, name, reference, mayNotPush)
      return { digest: found.digest, mediaType: found.mediaType, bytes: await found.read() }
    },
    config: (name, digest) => configs.of(name, digest),
  }
}
