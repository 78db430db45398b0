import { z } from 'zod'
import { digestOf } from '../fixtures/image.ts'
import { admin } from '../servers/lamina.ts'

export const REPOSITORY = 'demo/app'
export const IMAGE = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const LAYERS = 6

/** A registry under measurement, and what its requests carry. */
export interface Subject {
  readonly name: string
  readonly url: string
  readonly pid: number
  readonly headers: Readonly<Record<string, string>>
}

const answer = z.object({ token: z.string() })

/** A token of the administrator for the repository of the benchmark, with all rights to its content or only some. */
export async function laminaToken(url: string, actions: 'pull,push' | 'pull' = 'pull,push'): Promise<string> {
  const basic = Buffer.from(`${admin.user}:${admin.password}`).toString('base64')
  const response = await fetch(`${url}/token?service=lamina&scope=repository:${REPOSITORY}:${actions}`, {
    headers: { authorization: `Basic ${basic}` },
  })
  return answer.parse(await response.json()).token
}

/** Pushes a small image of six layers as tag `v1`. */
export async function pushImage(subject: Subject): Promise<void> {
  const config = Buffer.from('{"architecture":"amd64","os":"linux"}')
  const layers = Array.from({ length: LAYERS }, (_, index) => Buffer.from(`layer ${index}`))
  for (const blob of [config, ...layers]) await pushSmall(subject, blob)
  const manifest = imageManifest(config, layers)
  const response = await fetch(`${subject.url}/v2/${REPOSITORY}/manifests/v1`, {
    method: 'PUT',
    headers: { ...subject.headers, 'content-type': IMAGE },
    body: manifest,
  })
  if (response.status !== 201) throw new Error(`${subject.name}: PUT of a manifest gave ${response.status}`)
}

/** An image that is nothing but annotations, `bytes` long or a little less; its config was pushed with the image. */
export function manifestOfAnnotations(bytes: number): string {
  const config = Buffer.from('{"architecture":"amd64","os":"linux"}')
  const annotations: Record<string, string> = {}
  for (let at = 0; at * 32 < bytes - 1024; at++)
    annotations[`key-${String(at).padStart(8, '0')}`] = 'v'.repeat(14)
  return imageManifest(config, [], annotations)
}

function imageManifest(config: Buffer, layers: Buffer[], annotations?: Record<string, string>): string {
  const describe = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    size: bytes.length,
    digest: digestOf(bytes),
  })
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: IMAGE,
    config: describe(CONFIG, config),
    layers: layers.map((bytes) => describe(LAYER, bytes)),
    ...(annotations && { annotations }),
  })
}

async function pushSmall(subject: Subject, bytes: Buffer): Promise<void> {
  const { url, headers } = subject
  const session = await startUpload(subject)
  session.searchParams.set('digest', digestOf(bytes))
  const response = await fetch(session, { method: 'PUT', headers, body: new Uint8Array(bytes) })
  if (response.status !== 201) throw new Error(`${url}: PUT of a blob gave ${response.status}`)
}

/** Begins an upload session; its address. */
export async function startUpload({ url, headers }: Subject): Promise<URL> {
  const response = await fetch(`${url}/v2/${REPOSITORY}/blobs/uploads/`, { method: 'POST', headers })
  const location = response.headers.get('location')
  if (response.status !== 202 || location === null) throw new Error(`${url}: POST gave ${response.status}`)
  return new URL(location, url)
}
