import { beforeAll } from 'vitest'
import type { Client } from './client.ts'
import {
  type Content,
  descriptor,
  image,
  type Manifest,
  manifest,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_LAYER,
} from './images.ts'
import { pushBlob } from './push.ts'
import { useOpenRegistry } from './server.ts'

/** A config and a layer, and any number of manifests made of them. */
export interface ImageParts {
  readonly config: Content
  readonly layer: Content
  /** A manifest without its type. */
  readonly base: object
  /** An OCI image manifest of these parts; `more` adds fields or replaces them. */
  readonly made: (more?: object) => Manifest
}

export function imageParts(seed: string): ImageParts {
  const whole = image(seed)
  const [config = whole, layer = whole] = whole.blobs
  const base = {
    schemaVersion: 2,
    config: descriptor(OCI_CONFIG, config),
    layers: [descriptor(OCI_LAYER, layer)],
  }
  return { config, layer, base, made: (more = {}) => manifest({ ...base, mediaType: OCI_IMAGE, ...more }) }
}

/** A server that takes no manifest before all that it refers to, with these blobs in one repository. */
export function useStrictServer(name: string, blobs: readonly Content[]): () => Client {
  const server = useOpenRegistry()
  const client = () => server.now.client
  beforeAll(async () => {
    for (const each of blobs) await pushBlob(client(), name, each)
  })
  return client
}
