import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { S3Proxy } from '../cluster/s3-proxy.ts'
import { type Blob, digestOf } from '../fixtures/image.ts'
import { randomBytes } from '../fixtures/random.ts'
import { expect } from '../report.ts'
import { blobObject } from '../servers/blob-objects.ts'
import { Lamina } from '../servers/lamina.ts'
import { type Answer, RegistryClient } from '../servers/registry-client.ts'
import type { S3 } from '../servers/s3.ts'
import { scratchFolder } from '../servers/workspace.ts'

export const BUCKET = 'scenarios'
const REPOSITORY = 's3/blobs'
const PATIENCE_SECONDS = 8

/** A registry on S3 with a proxy in between, in a prefix of its own. */
export interface World {
  readonly s3: S3
  readonly proxy: S3Proxy
  readonly lamina: Lamina
  readonly client: RegistryClient
  readonly prefix: string
}

/** Runs `act` in a fresh world; the registry gives up on S3 after a few seconds and expires sessions after one. */
export async function inWorld(
  s3: S3,
  prefix: string,
  act: (world: World) => Promise<string>,
  env: Record<string, string> = {},
): Promise<string> {
  const scratch = await scratchFolder('s3-world')
  const proxy = await S3Proxy.start(s3.url)
  try {
    const lamina = await Lamina.start({
      name: `lamina-s3-${prefix}`,
      data: path.join(scratch.path, 'data'),
      env: {
        ...s3.environment(`${BUCKET}/${prefix}`, proxy.url),
        LAMINA_S3_PATIENCE: `${PATIENCE_SECONDS}s`,
        ...env,
      },
    })
    const client = new RegistryClient(lamina.url)
    try {
      return await act({ s3, proxy, lamina, client, prefix })
    } finally {
      client.close()
      await lamina.stop()
    }
  } finally {
    await proxy.stop()
    await scratch.remove()
  }
}

export function makeBlob(seed: string, size: number): Blob {
  const bytes = randomBytes(seed, size)
  return { digest: digestOf(bytes), bytes }
}

export function push({ client }: World, blob: Blob): Promise<void> {
  return client.pushBlob(REPOSITORY, blob)
}

export function pull({ client }: World, { digest }: Blob): Promise<number> {
  return client.checkBlob(REPOSITORY, digest)
}

/** Begins a session and sends the blob by PATCH, which must succeed; gives the path that a PUT closes. */
export async function sendByPatch(world: World, blob: Blob): Promise<string> {
  const location = await begin(world)
  const answer = await patch(world, location, blob.bytes)
  expect(answer.status === 202, `PATCH answered ${answer.status}`)
  return closing(location, blob)
}

export async function begin({ client }: World): Promise<string> {
  const answer = await client.request('POST', `/v2/${REPOSITORY}/blobs/uploads/`)
  const { location } = answer.headers
  expect(answer.status === 202 && location !== undefined, `POST of an upload answered ${answer.status}`)
  return location
}

export function patch({ client }: World, location: string, body: Buffer): Promise<Answer> {
  return client.request('PATCH', location, { body, headers: { 'content-type': 'application/octet-stream' } })
}

export function closing(location: string, { digest }: Blob): string {
  return `${location}?digest=${digest}`
}

export function blobPath({ digest }: Blob): string {
  return `/v2/${REPOSITORY}/blobs/${digest}`
}

/** Tries until it works; clients do the same. */
export async function untilDone(act: () => Promise<void>, patience = 60_000): Promise<number> {
  const end = Date.now() + patience
  for (let attempt = 1; ; attempt++) {
    try {
      await act()
      return attempt
    } catch (error) {
      if (Date.now() > end) throw error
      await sleep(500)
    }
  }
}

/** An answer of 503 with Retry-After, in the OCI form. */
export function expectUnavailable({ status, headers, body }: Answer): void {
  expect(status === 503, `answered ${status} instead of 503: ${body.toString().slice(0, 200)}`)
  expect(headers['retry-after'] !== undefined, '503 without Retry-After')
  expect(body.toString().includes('"UNAVAILABLE"'), `503 without its code: ${body.toString()}`)
}

/** What is in the prefix beside finished blobs: bytes of no blob, blobs without all their bytes, open uploads. */
export async function leftovers({ s3, prefix }: World): Promise<string[]> {
  const objects = await s3.requests.objects(BUCKET, `${prefix}/`)
  const blobs = [...objects.keys()].map(blobObject).filter((blob) => blob !== undefined)
  const ours = new Set([`${prefix}/owner.json`, ...blobs.flatMap(({ key, data }) => [key, data])])
  const open = await s3.requests.openUploads(BUCKET)
  return [
    ...[...objects.keys()].filter((key) => !ours.has(key)),
    ...blobs.filter(({ data, size }) => objects.get(data) !== size).map(({ key }) => `${key} without bytes`),
    ...open.filter((upload) => upload.startsWith(`${prefix}/`)).map((upload) => `open upload ${upload}`),
  ]
}
