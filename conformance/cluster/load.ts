import { setTimeout as sleep } from 'node:timers/promises'
import { type Blob, digestOf, type Image, makeImage } from '../fixtures/image.ts'
import { dice } from '../fixtures/random.ts'
import { type Answer, acceptedManifests, RegistryClient } from '../servers/registry-client.ts'
import type { Promises } from './promises.ts'

/** How long any single answer may take, in milliseconds, with a store that hangs. */
const PATIENCE = 120_000

/** Of layers; one in eight is larger than a part. */
const SIZES = [2000, 2000, 40_000, 40_000, 150_000, 150_000, 600_000, 9_000_000]

/** How many push at the same time, and what. */
export interface LoadOptions {
  /** The balancer. */
  url: string
  promises: Promises
  /** Names the repository; two loads of a registry have two names. */
  name: string
  writers?: number
  /** Bytes of layers, before compression of what cannot be compressed. */
  sizes?: readonly number[]
}

/** What the load met on its way. */
export interface Met {
  images: number
  pulls: number
  /** Pulls that were refused or cut. */
  failedPulls: number
  /** 503 with Retry-After. */
  unavailable: number
  /** Connections that broke. */
  broken: number
  /** Sessions that were gone and begun again. */
  restarted: number
}

/** An answer that no client should get, fault or not. */
class Violation extends Error {}

/**
 * Clients that push images and pull them back without a pause, and send again what was refused for a while, as docker
 * does. Allowed are success, 503 with Retry-After, broken connections, and a lost session; nothing else.
 */
export class Load {
  readonly #options: Required<LoadOptions>
  readonly #roll: (end: number) => number
  readonly met: Met = { images: 0, pulls: 0, failedPulls: 0, unavailable: 0, broken: 0, restarted: 0 }
  readonly #work: Promise<void>
  #stopping = false
  #made = 0

  constructor(options: LoadOptions) {
    this.#options = { writers: 4, sizes: SIZES, ...options }
    const die = dice(digestOf(options.name).charCodeAt(9))
    this.#roll = (end) => die.below(end)
    const writers = Array.from({ length: this.#options.writers }, () => this.#push())
    this.#work = Promise.all([...writers, this.#pull(), this.#pull()]).then(() => undefined)
    // Awaited in `end`; a failure before that must not be the process's end.
    this.#work.catch(() => undefined)
  }

  /** Resolves when so many more images are pushed: after a fault, recovery. Rejects when that takes too long. */
  async more(images: number, patience = Math.max(120_000, images * 2000)): Promise<number> {
    const [wanted, begun] = [this.met.images + images, Date.now()]
    while (this.met.images < wanted) {
      if (Date.now() - begun > patience)
        throw new Error(`${this.met.images} of ${wanted} images are pushed after ${patience / 1000} s`)
      await Promise.race([sleep(50), this.#work])
    }
    return (Date.now() - begun) / 1000
  }

  /** Lets everyone finish what is under way. Throws the first violation. */
  async end(): Promise<string> {
    this.#stopping = true
    await this.#work
    const { images, pulls, unavailable, broken, restarted } = this.met
    return `${images} images pushed and ${pulls} pulls, ${unavailable} answers 503, ${broken} broken connections, ${restarted} sessions begun again`
  }

  async #push(): Promise<void> {
    const client = new RegistryClient(this.#options.url)
    while (!this.#stopping) {
      this.#made += 1
      const tag = `t${this.#made}`
      const image = this.#image(tag)
      for (const blob of [...image.layers, image.config]) await this.#pushBlob(client, blob)
      await this.#insist(client, 'PUT', `/v2/${this.#options.name}/manifests/${tag}`, {
        allowed: [201],
        body: image.manifest.bytes,
        headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
      })
      this.#options.promises.tag(this.#options.name, tag, image.manifest)
      this.met.images += 1
    }
    client.close()
  }

  #image(tag: string): Image {
    const { sizes, name } = this.#options
    const size = (): number => sizes[this.#roll(sizes.length)] ?? 1000
    // Some layers are everyone's: they are pushed at the same time from several sides.
    const shared = { seed: `${name}-shared-${this.#roll(6)}`, size: 40_000 }
    return makeImage({
      layers: [
        shared,
        { seed: `${name}-${tag}-a`, size: size() },
        { seed: `${name}-${tag}-b`, size: size() },
      ],
    })
  }

  async #pushBlob(client: RegistryClient, blob: Blob): Promise<void> {
    const base = `/v2/${this.#options.name}/blobs`
    const there = await this.#insist(client, 'HEAD', `${base}/${blob.digest}`, { allowed: [200, 404] })
    if (there.status === 200) return
    while (!(await this.#uploadOnce(client, base, blob))) this.met.restarted += 1
    this.#options.promises.blob(this.#options.name, blob)
  }

  /** False: the session was lost, and the client begins again. Half of the uploads come in two requests. */
  async #uploadOnce(client: RegistryClient, base: string, blob: Blob): Promise<boolean> {
    const opened = await this.#insist(client, 'POST', `${base}/uploads/`, { allowed: [202] })
    let location = opened.headers.location ?? ''
    const headers = { 'content-type': 'application/octet-stream' }
    let rest = blob.bytes
    if (this.#roll(2) === 0) {
      const patched = await this.#once(client, 'PATCH', location, { body: blob.bytes, headers })
      if (patched === undefined || [404, 416].includes(patched.status)) return false
      this.#check('PATCH', location, patched, [202])
      location = patched.headers.location ?? location
      rest = Buffer.alloc(0)
    }
    const target = `${location}${location.includes('?') ? '&' : '?'}digest=${blob.digest}`
    const closed = await this.#once(client, 'PUT', target, { body: rest, headers })
    if (closed === undefined || [404, 416].includes(closed.status)) return false
    this.#check('PUT', target, closed, [201])
    return true
  }

  async #pull(): Promise<void> {
    const client = new RegistryClient(this.#options.url)
    while (!this.#stopping) {
      const wanted = this.#options.promises.anyTag(this.#roll)
      await sleep(20)
      if (wanted === undefined) continue
      const { repository, tag, digest } = wanted
      const path = `/v2/${repository}/manifests/${tag}`
      const answer = await this.#once(client, 'GET', path, { headers: { accept: acceptedManifests } })
      if (answer === undefined) {
        this.met.failedPulls += 1
        continue
      }
      this.#check('GET', path, answer, [200])
      if (digestOf(answer.body) !== digest)
        throw new Violation(`${repository}:${tag} came back as another image`)
      this.met.pulls += 1
    }
    client.close()
  }

  /** Asks until the answer is one of those allowed. */
  async #insist(
    client: RegistryClient,
    method: string,
    path: string,
    ask: { allowed: readonly number[]; body?: Buffer; headers?: Record<string, string> },
  ): Promise<Answer> {
    const begun = Date.now()
    for (;;) {
      const answer = await this.#once(client, method, path, ask)
      if (answer !== undefined) {
        this.#check(method, path, answer, ask.allowed)
        return answer
      }
      if (Date.now() - begun > 2 * PATIENCE) throw new Violation(`${method} ${path} was refused for too long`)
    }
  }

  /** Undefined when it is to be tried again: after a pause. */
  async #once(
    client: RegistryClient,
    method: string,
    path: string,
    ask: { body?: Buffer; headers?: Record<string, string> },
  ): Promise<Answer | undefined> {
    const given = new AbortController()
    const late = sleep(PATIENCE, 'late' as const, { signal: given.signal }).catch(() => 'late' as const)
    try {
      const answer = await Promise.race([client.request(method, path, ask), late])
      if (answer === 'late') throw new Violation(`${method} ${path} got no answer in ${PATIENCE / 1000} s`)
      if (answer.status !== 503) return answer
      if (!/^\d+$/.test(String(answer.headers['retry-after'])))
        throw new Violation(`${method} ${path} was answered 503 without Retry-After`)
      this.met.unavailable += 1
    } catch (error) {
      if (error instanceof Violation) throw error
      this.met.broken += 1
    } finally {
      given.abort()
    }
    await sleep(200 + this.#roll(400))
    return undefined
  }

  #check(method: string, path: string, answer: Answer, allowed: readonly number[]): void {
    if (allowed.includes(answer.status)) return
    throw new Violation(
      `${method} ${path} was answered ${answer.status}: ${answer.body.toString().slice(0, 300)}`,
    )
  }
}
