import { expect } from 'vitest'
import type { Client } from './client.ts'
import type { Content, Image, Manifest } from './images.ts'
import type { Reply } from './wire.ts'

/** The Location of an answer; throws unless it is a path on the same host, which every client understands. */
export function locationOf(reply: Reply): string {
  const location = reply.header('location')
  if (location === undefined || !location.startsWith('/v2/'))
    throw new Error(`not a path under /v2/: Location ${location}`)
  return location
}

/** Adds query parameters to a Location as clients do: what is there stays. */
export function withQuery(location: string, query: string): string {
  return `${location}${location.includes('?') ? '&' : '?'}${query}`
}

/** The URL that closes an upload. */
export function closing(location: string, digest: string): string {
  return withQuery(location, `digest=${encodeURIComponent(digest)}`)
}

/** Opens an upload session and returns its Location. */
export async function openUpload(client: Client, name: string, query = ''): Promise<string> {
  const reply = await client.post(`/v2/${name}/blobs/uploads/${query}`)
  expect(reply.status, reply.text).toBe(202)
  return locationOf(reply)
}

/** Opens an upload session and sends its first bytes; returns the newest Location. */
export async function beginUpload(client: Client, name: string, bytes: Uint8Array): Promise<string> {
  const reply = await client.patch(await openUpload(client, name), bytes)
  expect(reply.status, reply.text).toBe(202)
  return locationOf(reply)
}

/** Pushes a blob with POST and one PUT, under its sha256 or the digest given. */
export async function pushBlob(
  client: Client,
  name: string,
  blob: Content,
  digest = blob.digest,
): Promise<void> {
  const reply = await client.put(closing(await openUpload(client, name), digest), blob.bytes)
  expect(reply.status, reply.text).toBe(201)
}

/** PUT of a manifest under a tag or digest; nothing is expected of the answer. */
export async function putManifest(
  client: Client,
  name: string,
  reference: string,
  made: Manifest,
): Promise<Reply> {
  return client.put(`/v2/${name}/manifests/${reference}`, made.bytes, {
    'content-type': made.mediaType,
  })
}

/** Pushes an image: blobs, then the manifest under `reference` (its digest when left out). */
export async function pushImage(
  client: Client,
  name: string,
  made: Image,
  reference = made.digest,
): Promise<Reply> {
  for (const blob of made.blobs) await pushBlob(client, name, blob)
  const reply = await putManifest(client, name, reference, made)
  expect(reply.status, reply.text).toBe(201)
  return reply
}
