import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { Readable } from 'node:stream'
import { z } from 'zod'
import { type Blob, digestOf, type Image } from '../fixtures/image.ts'
import { hashAnswer } from './hash-answer.ts'
import { admin } from './lamina.ts'

const descriptor = z.object({ digest: z.string(), size: z.number() })
const manifestShape = z.object({
  config: descriptor.optional(),
  layers: z.array(descriptor).optional(),
  manifests: z.array(descriptor).optional(),
})

/** What a manifest refers to. */
export type ManifestContent = z.infer<typeof manifestShape>

/** Throws when it is no JSON of that shape. */
export function manifestContent(bytes: Buffer): ManifestContent {
  return manifestShape.parse(JSON.parse(bytes.toString()))
}

/** What a request brings along. */
export interface Ask {
  body?: Buffer | Readable
  headers?: Record<string, string>
}

/** One answer, read to its end. */
export interface Answer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

/** A plain client with Basic credentials, for looking at a registry without any tool in between. */
export class RegistryClient {
  readonly #url: URL
  readonly #authorization = `Basic ${Buffer.from(`${admin.user}:${admin.password}`).toString('base64')}`
  readonly #agent: http.Agent

  /** `url` as the server printed it; `ca` is the PEM file of its authority. */
  constructor(url: string, ca?: string) {
    this.#url = new URL(url)
    this.#agent =
      ca === undefined
        ? new http.Agent({ keepAlive: true })
        : new https.Agent({ ca: readFileSync(ca), keepAlive: true })
  }

  /** One request; rejects when the connection fails or the answer ends early. */
  async request(method: string, path: string, ask: Ask = {}): Promise<Answer> {
    const answer = await this.#send(method, path, ask)
    const chunks: Buffer[] = []
    for await (const chunk of answer) if (chunk instanceof Buffer) chunks.push(chunk)
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }
  }

  #send(method: string, path: string, { body, headers = {} }: Ask): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { request } = this.#url.protocol === 'https:' ? https : http
      const sent = request(new URL(path, this.#url), {
        method,
        agent: this.#agent,
        headers: { authorization: this.#authorization, ...headers, ...lengthOf(method, body) },
      })
      sent.on('error', reject)
      sent.on('response', resolve)
      if (body instanceof Readable) body.pipe(sent)
      else sent.end(body)
    })
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy()
  }

  /** The bytes of a manifest by tag or digest; throws when it is not there or a digest does not fit. */
  async manifest(
    repository: string,
    reference: string,
  ): Promise<{ digest: string; content: ManifestContent }> {
    const answer = await this.request('GET', `/v2/${repository}/manifests/${reference}`, {
      headers: { accept: acceptedManifests },
    })
    const bytes = answer.body
    if (answer.status !== 200) throw new Error(`GET ${repository}:${reference} answered ${answer.status}`)
    const digest = digestOf(bytes)
    const named = answer.headers['docker-content-digest']
    if (named !== digest)
      throw new Error(`${repository}:${reference} is ${digest}, the header says ${String(named)}`)
    return { digest, content: manifestContent(bytes) }
  }

  /** Reads a blob and checks its digest; returns its size. */
  async checkBlob(repository: string, digest: string): Promise<number> {
    const answer = await this.#send('GET', `/v2/${repository}/blobs/${digest}`, {})
    const { sha256, size } = await hashAnswer(answer)
    if (answer.statusCode !== 200) throw new Error(`GET blob ${digest} answered ${answer.statusCode}`)
    const found = `sha256:${sha256}`
    if (found !== digest) throw new Error(`blob ${digest} came back as ${found}`)
    return size
  }

  /** Sends a blob in two requests; rejects unless the registry answers 201. */
  async pushBlob(repository: string, { digest, bytes }: Blob): Promise<void> {
    const opened = await this.request('POST', `/v2/${repository}/blobs/uploads/`)
    const location = opened.headers.location
    if (opened.status !== 202 || location === undefined)
      throw new Error(`POST of an upload answered ${opened.status}`)
    const target = new URL(location, this.#url)
    target.searchParams.set('digest', digest)
    const headers = { 'content-type': 'application/octet-stream' }
    const closed = await this.request('PUT', target.pathname + target.search, { body: bytes, headers })
    if (closed.status !== 201) throw new Error(`PUT of blob ${digest} answered ${closed.status}`)
  }

  /** Sends an image's blobs and puts its manifest under a tag. */
  async pushImage(repository: string, image: Image, tag: string): Promise<void> {
    for (const blob of [...image.layers, image.config]) await this.pushBlob(repository, blob)
    await this.putManifest(repository, image, tag)
  }

  /** Puts the manifest of an image whose blobs are there. */
  async putManifest(repository: string, image: Image, tag: string): Promise<void> {
    const answer = await this.request('PUT', `/v2/${repository}/manifests/${tag}`, {
      body: image.manifest.bytes,
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    })
    if (answer.status !== 201) throw new Error(`PUT of ${repository}:${tag} answered ${answer.status}`)
  }

  /** All tags of a repository. */
  async tags(repository: string): Promise<string[]> {
    const answer = await this.request('GET', `/v2/${repository}/tags/list`)
    if (answer.status !== 200) throw new Error(`tags of ${repository} answered ${answer.status}`)
    return z.object({ tags: z.array(z.string()) }).parse(JSON.parse(answer.body.toString())).tags
  }
}

/** Every manifest type of OCI and Docker. */
export const acceptedManifests = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ')

function lengthOf(method: string, body: Buffer | Readable | undefined): Record<string, string> {
  if (body instanceof Readable) return {}
  if (body !== undefined) return { 'content-length': String(body.length) }
  return method === 'GET' || method === 'HEAD' ? {} : { 'content-length': '0' }
}
