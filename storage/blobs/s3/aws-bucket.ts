import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { Bucket, GetResult, Multipart, ObjectFacts, ReplayableBody } from './bucket.ts'
import type { AttemptOptions, Calls } from './calls.ts'
import { deleteCommand } from './delete-command.ts'
import type { ObjectAnswer } from './read-connections.ts'
import type { Connection } from './s3-client.ts'
import { isAbsent, isNotImplemented, isNoUpload, S3CallFailed } from './s3-errors.ts'
import type { S3Encryption, S3Settings } from './settings.ts'
import { UrlSigner } from './signed-url.ts'

/** How long a URL is good that this process reads from itself. */
const OWN_URL_SECONDS = 900

/** A bucket of an S3, through the SDK; GET through signed URLs, which cost a twentieth of the time. */
export class AwsBucket implements Bucket {
  readonly #connection: Connection
  readonly #calls: Calls
  readonly #bucket: string
  readonly #prefix: string
  readonly #encryption: ReturnType<typeof encryptionFields>
  readonly #signer: UrlSigner

  constructor(connection: Connection, calls: Calls, settings: S3Settings) {
    this.#connection = connection
    this.#calls = calls
    this.#bucket = settings.bucket
    this.#prefix = settings.prefix
    this.#encryption = encryptionFields(settings.encryption)
    this.#signer = new UrlSigner(connection.address, connection.region)
  }

  put(key: string, body: ReplayableBody): Promise<string> {
    return this.#calls.run('store an object', (options) =>
      sending(body, options, async (fields, sendOptions) => {
        const command = new PutObjectCommand({ ...this.#at(key), ...this.#encryption, ...fields })
        return etagOf(await this.#connection.client.send(command, sendOptions))
      }),
    )
  }

  get(key: string, range?: Range): Promise<GetResult> {
    const header = range && `bytes=${range.start}-${range.end}`
    return this.#calls.runRead('give an object', async () => {
      const url = await this.presign(key, OWN_URL_SECONDS)
      return opened(await this.#connection.reads.get(url, header), range)
    })
  }

  head(key: string): Promise<ObjectFacts | undefined> {
    return this.#calls.runUnless(isAbsent, 'find an object', async (options) => {
      const found = await this.#connection.client.send(new HeadObjectCommand(this.#at(key)), options)
      return { size: found.ContentLength ?? 0, etag: etagOf(found) }
    })
  }

  async copy(from: string, to: string): Promise<boolean> {
    const copied = await this.#calls.runUnless(isAbsent, 'copy an object', async (options) => {
      const command = new CopyObjectCommand({
        ...this.#at(to),
        ...this.#encryption,
        CopySource: this.#source(from),
      })
      await this.#connection.client.send(command, options)
      return true
    })
    return copied ?? false
  }

  remove(keys: readonly string[]): Promise<readonly { readonly key: string; readonly error: unknown }[]> {
    if (keys.length === 0) return Promise.resolve([])
    return this.#calls.run('remove objects', async (options) => {
      const command = deleteCommand(
        this.#bucket,
        keys.map((key) => this.#prefix + key),
      )
      const { Errors = [], $metadata } = await this.#connection.client.send(command, options)
      return Errors.filter(({ Code }) => Code !== 'NoSuchKey').map(({ Key = '', Code = 'unknown' }) => ({
        key: Key.slice(this.#prefix.length),
        error: new S3CallFailed(Code, $metadata.httpStatusCode),
      }))
    })
  }

  async *list(prefix: string): ReturnType<Bucket['list']> {
    let token: string | undefined
    do {
      const page = await this.#calls.run('list objects', (options) =>
        this.#connection.client.send(
          new ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: this.#prefix + prefix,
            ...(token !== undefined && { ContinuationToken: token }),
          }),
          options,
        ),
      )
      for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? [])
        yield { key: Key.slice(this.#prefix.length), size: Size, modified: LastModified }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined
      if (page.IsTruncated === true && token === undefined)
        throw new TypeError('S3 says that a listing goes on, and not where')
    } while (token !== undefined)
  }

  begin(key: string): Promise<Multipart> {
    return this.#calls.run('begin an upload', async (options) => {
      const command = new CreateMultipartUploadCommand({ ...this.#at(key), ...this.#encryption })
      const { UploadId } = await this.#connection.client.send(command, options)
      if (UploadId === undefined) throw new S3CallFailed('no UploadId in the answer', undefined)
      return { key, uploadId: UploadId }
    })
  }

  part(upload: Multipart, number: number, body: ReplayableBody): Promise<string | undefined> {
    return this.#calls.runUnless(isNoUpload, 'store a part', (options) =>
      sending(body, options, async (fields, sendOptions) => {
        const command = new UploadPartCommand({ ...this.#of(upload), PartNumber: number, ...fields })
        return etagOf(await this.#connection.client.send(command, sendOptions))
      }),
    )
  }

  async finish(upload: Multipart, etags: readonly string[]): Promise<boolean> {
    const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }))
    const finished = await this.#calls.runUnless(isNoUpload, 'finish an upload', async (options) => {
      const command = new CompleteMultipartUploadCommand({ ...this.#of(upload), MultipartUpload: { Parts } })
      await this.#connection.client.send(command, options)
      return true
    })
    return finished ?? false
  }

  async abandon(upload: Multipart): Promise<void> {
    await this.#calls.runUnless(isNoUpload, 'end an upload', async (options) => {
      await this.#connection.client.send(new AbortMultipartUploadCommand(this.#of(upload)), options)
    })
  }

  async isOpen(upload: Multipart): Promise<boolean> {
    const found = await this.#calls.runUnless(isNoUpload, 'find an upload', async (options) => {
      await this.#connection.client.send(new ListPartsCommand({ ...this.#of(upload), MaxParts: 1 }), options)
      return true
    })
    return found ?? false
  }

  async multipartsOf(key: string): Promise<readonly Multipart[]> {
    const found = await this.#calls.runUnless(
      isNotImplemented,
      'list the uploads of a key',
      async (options) => {
        const command = new ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: this.#prefix + key })
        const { Uploads = [] } = await this.#connection.client.send(command, options)
        return Uploads.filter(({ Key }) => Key === this.#prefix + key).flatMap(({ UploadId }) =>
          UploadId === undefined ? [] : [{ key, uploadId: UploadId }],
        )
      },
    )
    return found ?? []
  }

  async presign(key: string, seconds: number): Promise<string> {
    const { config } = this.#connection.client
    // What the SDK has learnt of the engine's clock holds for these signatures too.
    const now = Date.now() + config.systemClockOffset
    return this.#signer.sign(this.#prefix + key, await config.credentials(), { seconds, now })
  }

  close(): void {
    this.#connection.close()
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + key }
  }

  #of({ key, uploadId }: Multipart): { Bucket: string; Key: string; UploadId: string } {
    return { ...this.#at(key), UploadId: uploadId }
  }

  #source(key: string): string {
    return `${this.#bucket}/${(this.#prefix + key).split('/').map(encodeURIComponent).join('/')}`
  }
}

function encryptionFields(encryption: S3Encryption | undefined): {
  ServerSideEncryption?: 'AES256' | 'aws:kms'
  SSEKMSKeyId?: string
} {
  if (encryption === undefined) return {}
  const key = encryption.kind === 'aws:kms' ? encryption.key : undefined
  return { ServerSideEncryption: encryption.kind, ...(key !== undefined && { SSEKMSKeyId: key }) }
}

interface SentFields {
  readonly Body: Readable | Uint8Array
  readonly ContentLength: number
}

/**
 * One attempt to send a body. A stream is signed without its hash, which would be computed over every byte a second
 * time. A stream that fails ends the attempt with its own error: the SDK would wait for bytes that never come.
 */
async function sending<Result>(
  body: ReplayableBody,
  { abortSignal }: AttemptOptions,
  send: (fields: SentFields, options: AttemptOptions) => Promise<Result>,
): Promise<Result> {
  if (body.length === 0) return send({ Body: new Uint8Array(), ContentLength: 0 }, { abortSignal })
  const stream = Readable.from(body.open(), { objectMode: false })
  const broken = new AbortController()
  let failure: Error | undefined
  stream.on('error', (error) => {
    failure = error
    broken.abort()
  })
  const options = { abortSignal: AbortSignal.any([abortSignal, broken.signal]) }
  try {
    return await send({ Body: stream, ContentLength: body.length }, options)
  } catch (error) {
    throw failure ?? error
  } finally {
    stream.destroy()
  }
}

/** Without the quotes: Ceph compares them with it. */
function etagOf({ ETag }: { readonly ETag?: string | undefined }): string {
  if (ETag === undefined) throw new S3CallFailed('no ETag in the answer', undefined)
  return ETag.replaceAll('"', '')
}

interface Range {
  readonly start: number
  readonly end: number
}

/** Reads the head of an answer, and of one that is no object what S3 says. */
async function opened(answer: ObjectAnswer, range: Range | undefined): Promise<GetResult> {
  const { status, headers } = answer
  if (status === 200 || status === 206) {
    const size =
      range !== undefined && status === 206
        ? totalOf(headers.get('content-range'))
        : Number(headers.get('content-length'))
    if (range !== undefined && status === 200 && (range.start > 0 || range.end + 1 < size)) {
      answer.destroy()
      // Taken for the range it would be other bytes, and a blob that is whole would be found damaged.
      throw new S3CallFailed('a range was asked for, and the whole object came', status)
    }
    const etag = (headers.get('etag') ?? '').replaceAll('"', '')
    if (Number.isSafeInteger(size)) return { size, etag, body: answer.body, destroy: () => answer.destroy() }
  }
  const code = await errorCode(answer)
  if (status === 416) return 'beyond'
  if (status === 404 && code !== 'NoSuchBucket') return undefined
  throw new S3CallFailed(code ?? `GET answered ${status}`, status)
}

/** More than S3 ever says of an error. */
const ERROR_BYTES = 16_384

/** `NoSuchBucket` and the like; undefined when the answer is not of S3's form. */
async function errorCode(answer: ObjectAnswer): Promise<string | undefined> {
  let text = ''
  for await (const chunk of answer.body) {
    text += Buffer.from(chunk).toString()
    if (text.length > ERROR_BYTES) break
  }
  return /<Code>(\w+)<\/Code>/.exec(text)?.[1]
}

/** `bytes 0-9/1000` says 1000. */
function totalOf(range: string | undefined): number {
  return Number(/\/(\d+)$/.exec(range ?? '')?.[1] ?? Number.NaN)
}
