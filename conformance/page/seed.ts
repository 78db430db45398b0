import type { Image } from '../fixtures/image.ts'
import type { RegistryClient } from '../servers/registry-client.ts'
import {
  alpineWorker,
  app,
  backup,
  debian,
  hostile,
  manySteps,
  node,
  signaturesOf,
  spare,
  thousandSteps,
  worker,
} from './family.ts'

/** Fills a registry with the images that the page is tried with. */
export async function seed(registry: RegistryClient): Promise<void> {
  await push(registry, 'tools/debian', debian(), '12')
  await push(registry, 'tools/node', node(), '24')
  for (let number = 1; number <= 11; number += 1) await push(registry, 'demo/app', app(number), `v${number}`)
  for (const artifact of signaturesOf(app(11)))
    await push(registry, 'demo/app', artifact, artifact.manifest.digest)
  await push(registry, 'demo/worker', worker(), 'v1')
  await push(registry, 'tools/worker', alpineWorker(), 'alpine')
  await pushIndex(registry, 'tools/backup', ['amd64', 'arm64'], 'v1')
  await send(registry, 'PATCH', '/api/v1/projects/tools', { public: true })
}

/** Images that may be deleted, and a tag that moved. */
export async function seedSpare(registry: RegistryClient): Promise<void> {
  for (const name of ['one', 'two', 'three']) await push(registry, 'demo/spare', spare(name), name)
  await push(registry, 'demo/spare', spare('before'), 'current')
  await push(registry, 'demo/spare', spare('after'), 'current')
}

/** Someone who may pull from `demo` and nothing else. */
export const viewer = { user: 'vera', password: 'Only-to-look-at-it-31' }

export async function seedViewer(registry: RegistryClient): Promise<void> {
  await send(registry, 'POST', '/api/v1/users', { name: viewer.user, password: viewer.password })
  await send(registry, 'PUT', `/api/v1/projects/demo/members/${viewer.user}`, { role: 'viewer' })
}

/** As long as a tag may be. */
export const LONG_TAG = `release-2026.11.27-${'0123456789abcdef'.repeat(7)}`.slice(0, 128)

/** Puts the hostile image beside them, and one of many steps. */
export async function seedHostile(registry: RegistryClient): Promise<void> {
  await push(registry, 'zoo/hostile', hostile(), 'latest')
  await push(registry, 'zoo/hostile', spare('long'), LONG_TAG)
  await push(registry, 'zoo/many-steps', manySteps(), 'v1')
  await push(registry, 'zoo/thousand-steps', thousandSteps(), 'v1')
}

async function push(registry: RegistryClient, repository: string, image: Image, tag: string): Promise<void> {
  for (const blob of [...image.layers, image.config]) {
    const there = await registry.request('HEAD', `/v2/${repository}/blobs/${blob.digest}`)
    if (there.status !== 200) await registry.pushBlob(repository, blob)
  }
  await registry.putManifest(repository, image, tag)
}

async function pushIndex(
  registry: RegistryClient,
  repository: string,
  architectures: readonly string[],
  tag: string,
): Promise<void> {
  const images = architectures.map((architecture) => ({ architecture, image: backup(architecture) }))
  for (const { architecture, image } of images) await push(registry, repository, image, architecture)
  const body = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: images.map(({ architecture, image: { manifest } }) => ({
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest: manifest.digest,
        size: manifest.bytes.length,
        platform: { os: 'linux', architecture },
      })),
    }),
  )
  const answer = await registry.request('PUT', `/v2/${repository}/manifests/${tag}`, {
    body,
    headers: { 'content-type': INDEX },
  })
  if (answer.status !== 201) throw new Error(`PUT of the index answered ${answer.status}`)
}

const INDEX = 'application/vnd.oci.image.index.v1+json'

async function send(registry: RegistryClient, method: string, path: string, value: unknown): Promise<void> {
  const body = Buffer.from(JSON.stringify(value))
  const answer = await registry.request(method, path, {
    body,
    headers: { 'content-type': 'application/json' },
  })
  if (answer.status >= 300)
    throw new Error(`${method} ${path} answered ${answer.status}: ${String(answer.body)}`)
}
