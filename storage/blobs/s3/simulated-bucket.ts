import { createHash } from 'node:crypto'
import type { Bucket, GetResult, Multipart, ObjectFacts, ReplayableBody } from './bucket.ts'

interface StoredObject {
  readonly bytes: Buffer
  readonly etag: string
  readonly modified: Date
}

/** A bucket in memory, with the rules of S3 that this driver relies on. `calls` names each call in order. */
export class SimulatedBucket implements Bucket {
  readonly objects = new Map<string, StoredObject>()
  readonly multiparts = new Map<string, { readonly key: string; readonly parts: Map<number, StoredObject> }>()
  readonly calls: string[] = []
  /** Runs before a call has its effect; throws to make it fail. */
  before: ((call: string) => Promise<void> | void) | undefined
  /** Runs when it has had it: throws to lose the answer. */
  after: ((call: string) => Promise<void> | void) | undefined
  #nextUpload = 1

  put(key: string, body: ReplayableBody): Promise<string> {
    return this.#call(`put ${key}`, async () => this.#store(key, await bytesOf(body)))
  }

  get(key: string, range?: { readonly start: number; readonly end: number }): Promise<GetResult> {
    return this.#call(`get ${key}`, () => {
      const found = this.objects.get(key)
      if (found === undefined) return undefined
      const { bytes, etag } = found
      if (range !== undefined && range.start >= bytes.length) return 'beyond' as const
      const asked = range === undefined ? bytes : bytes.subarray(range.start, range.end + 1)
      return { size: bytes.length, etag, body: inChunks(asked), destroy: () => {} }
    })
  }

  head(key: string): Promise<ObjectFacts | undefined> {
    return this.#call(`head ${key}`, () => {
      const found = this.objects.get(key)
      return found && { size: found.bytes.length, etag: found.etag }
    })
  }

  copy(from: string, to: string): Promise<boolean> {
    return this.#call(`copy ${from} ${to}`, () => {
      const found = this.objects.get(from)
      if (found !== undefined) this.#store(to, found.bytes)
      return found !== undefined
    })
  }

  remove(keys: readonly string[]): Promise<readonly { readonly key: string; readonly error: unknown }[]> {
    if (keys.length === 0) return Promise.resolve([])
    return this.#call(`remove ${keys.join(' ')}`, () => {
      if (keys.length > 1000) throw new TypeError('S3 takes no more than 1,000 keys')
      for (const key of keys) this.objects.delete(key)
      return []
    })
  }

  async *list(prefix: string): ReturnType<Bucket['list']> {
    const keys = await this.#call(`list ${prefix}`, () => [...this.objects.keys()].toSorted())
    for (const key of keys) {
      const found = key.startsWith(prefix) ? this.objects.get(key) : undefined
      if (found !== undefined) yield { key, size: found.bytes.length, modified: found.modified }
    }
  }

  begin(key: string): Promise<Multipart> {
    return this.#call(`begin ${key}`, () => {
      const uploadId = `multipart-${this.#nextUpload++}`
      this.multiparts.set(uploadId, { key, parts: new Map() })
      return { key, uploadId }
    })
  }

  part({ uploadId }: Multipart, number: number, body: ReplayableBody): Promise<string | undefined> {
    return this.#call(`part ${number}`, async () => this.#storePart(uploadId, number, await bytesOf(body)))
  }

  finish({ uploadId }: Multipart, etags: readonly string[]): Promise<boolean> {
    return this.#call(`finish ${etags.length}`, () => {
      const upload = this.multiparts.get(uploadId)
      const parts = etags.map((etag, index) => {
        const part = upload?.parts.get(index + 1)
        return part?.etag === etag ? part.bytes : undefined
      })
      if (upload === undefined || parts.includes(undefined)) return false
      this.#store(upload.key, Buffer.concat(parts.filter((part) => part !== undefined)))
      this.multiparts.delete(uploadId)
      return true
    })
  }

  abandon({ uploadId }: Multipart): Promise<void> {
    return this.#call(`abandon ${uploadId}`, () => {
      this.multiparts.delete(uploadId)
    })
  }

  isOpen({ uploadId }: Multipart): Promise<boolean> {
    return this.#call(`isOpen ${uploadId}`, () => this.multiparts.has(uploadId))
  }

  multipartsOf(key: string): Promise<readonly Multipart[]> {
    return this.#call(`multipartsOf ${key}`, () =>
      [...this.multiparts].flatMap(([uploadId, upload]) => (upload.key === key ? [{ key, uploadId }] : [])),
    )
  }

  presign(key: string, seconds: number): Promise<string> {
    return Promise.resolve(`https://s3.example/bucket/${key}?seconds=${seconds}`)
  }

  close(): void {}

  /** Everything that an empty prefix would not hold. */
  leftovers(): string[] {
    return [...this.objects.keys(), ...[...this.multiparts.values()].map(({ key }) => `upload of ${key}`)]
  }

  async #call<Result>(call: string, act: () => Result | Promise<Result>): Promise<Result> {
    this.calls.push(call)
    await this.before?.(call)
    const result = await act()
    await this.after?.(call)
    return result
  }

  #store(key: string, bytes: Buffer): string {
    const etag = createHash('md5').update(bytes).digest('hex')
    this.objects.set(key, { bytes, etag, modified: new Date() })
    return etag
  }

  #storePart(uploadId: string, number: number, bytes: Buffer): string | undefined {
    const upload = this.multiparts.get(uploadId)
    if (upload === undefined) return undefined
    const etag = createHash('md5').update(bytes).digest('hex')
    upload.parts.set(number, { bytes, etag, modified: new Date() })
    return etag
  }
}

/** Chunks whose memory is spoilt once the next one is asked for, as a driver with reused buffers would. */
async function* inChunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) {
    const chunk = Uint8Array.from(bytes.subarray(at, at + 65_536))
    yield chunk
    chunk.fill(0xdd)
  }
}

async function bytesOf(body: ReplayableBody): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const chunk of body.open()) pieces.push(Buffer.from(chunk))
  const bytes = Buffer.concat(pieces)
  if (bytes.length !== body.length) throw new TypeError(`a body of ${body.length} bytes gave ${bytes.length}`)
  return bytes
}
