import { type Blob, digestOf, type Image, makeImage } from '../fixtures/image.ts'
import { type Dice, randomBytes } from '../fixtures/random.ts'
import type { Answer, RegistryClient } from '../servers/registry-client.ts'
import { ABSENT, type Expectations, type Pending } from './expectations.ts'

/** An upload that was begun and not closed; it must survive a kill. */
interface OpenUpload {
  location: string
  blob: Blob
  acknowledged: number
  /** When the request was sent that touched it last. */
  since: number
}

/** An answer that no registry should give here. */
class UnexpectedAnswer extends Error {}

/** What a worker works with. */
interface WorkerParts {
  readonly client: RegistryClient
  readonly expected: Expectations
  readonly dice: Dice
  /**
   * Milliseconds, when the server collects all the time: blobs that no manifest refers to are promised for the grace
   * only, a manifest when its push took less, and an open upload until it expires.
   */
  readonly times?: { readonly grace: number; readonly expiry: number }
}

/** Pushes, pulls, moves tags and deletes in a repository of its own, and notes what the server promised. */
export class ChaosWorker {
  readonly repository: string
  readonly #client: RegistryClient
  readonly #expected: Expectations
  readonly #dice: Dice
  readonly #times: WorkerParts['times']
  readonly #images = new Map<string, Image>()
  #open: OpenUpload | undefined
  /** Digests of all blobs that the server took from it. */
  readonly sent = new Set<string>()
  operations = 0
  resumed = 0
  /** Pushes that took longer than the grace and found their blobs gone, as they may. */
  late = 0

  constructor(name: string, parts: WorkerParts) {
    this.repository = `chaos/${name}`
    this.#client = parts.client
    this.#expected = parts.expected
    this.#dice = parts.dice
    this.#times = parts.times
  }

  /** Does one random thing; rejects with UnexpectedAnswer, or with the connection's error when the server is gone. */
  async step(others: readonly ChaosWorker[]): Promise<void> {
    const roll = this.#dice.below(100)
    if (roll < 35 || this.#images.size === 0) await this.#pushImage()
    else if (roll < 43) await this.#pull()
    else if (roll < 55) await this.#putTag(this.repository, `t${this.#dice.below(5)}`)
    else if (roll < 65) await this.#putTag('chaos/shared', 'latest')
    else if (roll < 72) await this.#deleteTag()
    else if (roll < 80) await this.#deleteManifest()
    else if (roll < 90) await this.#mount(this.#dice.pick(others))
    else await this.#leaveUploadOpen()
    this.operations += 1
  }

  /** After a restart: the open upload must still be there with all or none of its bytes, and must close. */
  async resume(): Promise<void> {
    const open = this.#open
    this.#open = undefined
    if (open === undefined) return
    const status = await this.#client.request('GET', open.location)
    if (status.status === 404 && this.#isOver(open.since, 'expiry')) return
    const after = `${Date.now() - open.since} ms after it was touched`
    expectStatus(status, [204], `status of an upload after a restart, ${after},`)
    const end = Number(/^0-(-?\d+)$/.exec(String(status.headers['range']))?.[1])
    const offset = end + 1
    if (!(offset <= open.blob.bytes.length) || (offset < open.acknowledged && offset !== 0)) {
      throw new UnexpectedAnswer(
        `an upload with ${open.acknowledged} acknowledged bytes says ${String(status.headers['range'])}`,
      )
    }
    const rest = open.blob.bytes.subarray(offset)
    const patched = await this.#client.request('PATCH', locationOf(status) ?? open.location, {
      body: rest,
      headers: {
        'content-range': `${offset}-${open.blob.bytes.length - 1}`,
        'content-type': 'application/octet-stream',
      },
    })
    // It may have been over between the two requests.
    if (patched.status === 404 && this.#isOver(open.since, 'expiry')) return
    expectStatus(
      patched,
      [202],
      `PATCH of a resumed upload, ${Date.now() - open.since} ms after it was touched,`,
    )
    await this.#close(locationOf(patched) ?? open.location, open.blob)
    this.resumed += 1
  }

  async #pushImage(): Promise<void> {
    const sizes = Array.from({ length: 1 + this.#dice.below(2) }, () =>
      this.#dice.pick([300, 9000, 70_000, 900_000]),
    )
    // Few seeds: several workers push the same layer at the same time, and again after it was there.
    const layers = sizes.map((size) => ({ seed: `chaos-${this.#dice.below(30)}`, size }))
    const image = makeImage({
      layers: [...layers, { seed: `${this.repository}-${this.#dice.below(1e6)}`, size: 500 }],
    })
    const since = Date.now()
    // Some clients never ask whether something is there.
    const asks = this.#dice.below(4) > 0
    for (const blob of [...image.layers, image.config]) await this.#pushBlob(blob, asks)
    const tag = `t${this.#dice.below(5)}`
    if (await this.#putManifest(this.repository, image, tag, since))
      this.#images.set(image.manifest.digest, image)
  }

  async #pushBlob(blob: Blob, asks: boolean): Promise<void> {
    if (asks) {
      const there = await this.#client.request('HEAD', `/v2/${this.repository}/blobs/${blob.digest}`)
      expectStatus(there, [200, 404], 'HEAD of a blob')
      if (there.status === 200) return
    }
    const opened = await this.#client.request('POST', `/v2/${this.repository}/blobs/uploads/`)
    expectStatus(opened, [202], 'POST of an upload')
    let location = locationOf(opened) ?? ''
    if (this.#dice.below(2) === 0) {
      const patched = await this.#client.request('PATCH', location, {
        body: blob.bytes,
        headers: { 'content-type': 'application/octet-stream' },
      })
      expectStatus(patched, [202], 'PATCH of an upload')
      location = locationOf(patched) ?? location
      await this.#close(location, blob)
    } else await this.#close(location, blob, blob.bytes)
  }

  async #close(location: string, blob: Blob, body: Buffer = Buffer.alloc(0)): Promise<void> {
    const pending = this.#promiseBlob(this.repository, blob.digest)
    const closed = await this.#client.request('PUT', withDigest(location, blob.digest), {
      body,
      headers: { 'content-type': 'application/octet-stream' },
    })
    expectStatus(closed, [201], 'PUT of an upload')
    pending?.acknowledge()
    this.sent.add(blob.digest)
  }

  /** Undefined where a blob alone is promised for a moment only. */
  #promiseBlob(repository: string, digest: string): Pending | undefined {
    if (this.#times !== undefined) return undefined
    return this.#expected.begin(new Map([[`blob ${repository} ${digest}`, 'present']]))
  }

  #isOver(since: number, time: 'grace' | 'expiry'): boolean {
    return this.#times !== undefined && Date.now() - since >= this.#times[time]
  }

  /** Everything of an image of its own, which nobody else deletes. */
  async #pull(): Promise<void> {
    const image = this.#dice.pick([...this.#images.values()])
    await this.#client.manifest(this.repository, image.manifest.digest)
    for (const { digest } of [...image.layers, image.config])
      await this.#client.checkBlob(this.repository, digest)
  }

  /** Puts one of this worker's own images under a tag, in its repository or the one that all share. */
  async #putTag(repository: string, tag: string): Promise<void> {
    const image = this.#dice.pick([...this.#images.values()])
    const since = Date.now()
    if (repository !== this.repository) {
      for (const { digest } of [...image.layers, image.config])
        await this.#mountBlob(repository, digest, this.repository)
    }
    await this.#putManifest(repository, image, tag, since)
  }

  /** `since`: when the client was first told of one of its blobs. False: that was too long ago. */
  async #putManifest(repository: string, image: Image, tag: string, since: number): Promise<boolean> {
    const { digest, bytes } = image.manifest
    const writes = new Map([
      [`tag ${repository} ${tag}`, digest],
      [`manifest ${repository} ${digest}`, 'present'],
    ])
    const pending = this.#expected.begin(writes)
    const answer = await this.#client.request('PUT', `/v2/${repository}/manifests/${tag}`, {
      body: bytes,
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    })
    // MANIFEST_BLOB_UNKNOWN.
    if (answer.status === 400 && this.#isOver(since, 'grace')) {
      pending.refuse()
      this.late += 1
      return false
    }
    const after = `${Date.now() - since} ms after its first blob`
    expectStatus(answer, [201], `PUT of manifest ${digest} as ${repository}:${tag}, ${after},`)
    pending.acknowledge()
    return true
  }

  async #deleteTag(): Promise<void> {
    const tags = this.#expected.certain(`tag ${this.repository} `)
    if (tags.length === 0) return
    const { key } = this.#dice.pick(tags)
    const pending = this.#expected.begin(new Map([[key, ABSENT]]))
    const answer = await this.#client.request('DELETE', `/v2/${this.repository}/manifests/${lastWord(key)}`)
    expectStatus(answer, [202], 'DELETE of a tag')
    pending.acknowledge()
  }

  async #deleteManifest(): Promise<void> {
    const prefix = `manifest ${this.repository} `
    const manifests = this.#expected.certain(prefix)
    // Keep enough to move tags between.
    if (manifests.length < 6) return
    const digest = lastWord(this.#dice.pick(manifests).key)
    const tags = this.#expected.certain(`tag ${this.repository} `).filter(({ value }) => value === digest)
    const keys = [`${prefix}${digest}`, ...tags.map(({ key }) => key)]
    const pending = this.#expected.begin(new Map(keys.map((key) => [key, ABSENT])))
    this.#images.delete(digest)
    const answer = await this.#client.request('DELETE', `/v2/${this.repository}/manifests/${digest}`)
    expectStatus(answer, [202], 'DELETE of a manifest')
    pending.acknowledge()
  }

  /** Of another worker, who may delete it at this moment: only a blob that is promised must be there. */
  async #mount(from: ChaosWorker): Promise<void> {
    const blobs = this.#expected.certain(`blob ${from.repository} `).map(({ key }) => lastWord(key))
    if (this.#times === undefined && blobs.length > 0)
      return this.#mountBlob(this.repository, this.#dice.pick(blobs), from.repository)
    const images = [...from.#images.values()]
    if (images.length === 0) return
    const { config } = this.#dice.pick(images)
    const answer = await this.#askToMount(this.repository, config.digest, from.repository)
    expectStatus(answer, [201, 202], `mount of ${config.digest} from ${from.repository}`)
  }

  async #mountBlob(repository: string, digest: string, from: string): Promise<void> {
    const pending = this.#promiseBlob(repository, digest)
    expectStatus(await this.#askToMount(repository, digest, from), [201], `mount of ${digest} from ${from}`)
    pending?.acknowledge()
  }

  #askToMount(repository: string, digest: string, from: string): Promise<Answer> {
    const query = new URLSearchParams({ mount: digest, from })
    return this.#client.request('POST', `/v2/${repository}/blobs/uploads/?${query.toString()}`)
  }

  async #leaveUploadOpen(): Promise<void> {
    if (this.#open !== undefined) return
    const bytes = randomBytes(`open-${this.repository}-${this.#dice.below(1e9)}`, 200_000)
    const blob = { digest: digestOf(bytes), bytes }
    const opening = Date.now()
    const opened = await this.#client.request('POST', `/v2/${this.repository}/blobs/uploads/`)
    expectStatus(opened, [202], 'POST of an upload')
    const location = locationOf(opened) ?? ''
    this.#open = { location, blob, acknowledged: 0, since: opening }
    const patching = Date.now()
    const half = bytes.subarray(0, 100_000)
    const patched = await this.#client.request('PATCH', location, {
      body: half,
      headers: { 'content-range': `0-${half.length - 1}`, 'content-type': 'application/octet-stream' },
    })
    expectStatus(patched, [202], 'PATCH of an upload')
    this.#open = {
      location: locationOf(patched) ?? location,
      blob,
      acknowledged: half.length,
      since: patching,
    }
  }
}

function expectStatus(answer: Answer, wanted: readonly number[], what: string): void {
  if (wanted.includes(answer.status)) return
  throw new UnexpectedAnswer(`${what} answered ${answer.status}: ${answer.body.toString().slice(0, 300)}`)
}

/** Path and query of an answer's Location, which may be absolute. */
function locationOf({ headers }: Answer): string | undefined {
  if (headers.location === undefined) return undefined
  const url = new URL(headers.location, 'http://registry')
  return url.pathname + url.search
}

function withDigest(location: string, digest: string): string {
  const url = new URL(location, 'http://registry')
  url.searchParams.set('digest', digest)
  return url.pathname + url.search
}

function lastWord(key: string): string {
  return key.slice(key.lastIndexOf(' ') + 1)
}
