import { createHash, createHmac } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import { hashAnswer } from './hash-answer.ts'

/** Keys of an account. */
export interface S3Keys {
  readonly accessKey: string
  readonly secretKey: string
}

/** One answer, read to its end. */
export interface S3Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

interface S3Request {
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Buffer
}

const REGION = 'us-east-1'

/** Signed requests to an S3, for looking at a bucket past the program under test. Path style. */
export class S3Requests {
  readonly #url: URL
  readonly #keys: S3Keys
  readonly #agent: http.Agent

  /** `ca` is the PEM text of the authority behind an https url. */
  constructor(url: string, keys: S3Keys, ca?: string) {
    this.#url = new URL(url)
    this.#keys = keys
    this.#agent =
      ca === undefined ? new http.Agent({ keepAlive: true }) : new https.Agent({ keepAlive: true, ca })
  }

  /** One request, whatever its status; `path` is `/bucket` or `/bucket/key` with plain characters. */
  async send(method: string, path: string, options: S3Request = {}): Promise<S3Answer> {
    const answer = await this.#ask(method, path, options)
    const chunks: Buffer[] = []
    for await (const chunk of answer) if (chunk instanceof Buffer) chunks.push(chunk)
    return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }
  }

  /** What an object holds, however large it is. */
  async hash(path: string): Promise<{ sha256: string; size: number }> {
    const answer = await this.#ask('GET', path, {})
    const hashed = await hashAnswer(answer)
    if (answer.statusCode !== 200) throw new Error(`S3 GET ${path} gave ${answer.statusCode}`)
    return hashed
  }

  #ask(method: string, path: string, { query = {}, body }: S3Request): Promise<http.IncomingMessage> {
    const url = new URL(path, this.#url)
    url.search = canonicalQuery(query)
    const { request } = url.protocol === 'https:' ? https : http
    return new Promise((resolve, reject) => {
      const sent = request(url, {
        method,
        agent: this.#agent,
        headers: this.#signed(method, url, body ?? Buffer.alloc(0)),
      })
      sent.on('error', reject)
      sent.on('response', resolve)
      sent.end(body)
    })
  }

  /** A request that must succeed; its body. */
  async must(method: string, path: string, options: S3Request = {}): Promise<Buffer> {
    const { status, body } = await this.send(method, path, options)
    if (status >= 200 && status < 300) return body
    throw new Error(`S3 ${method} ${path} gave ${status}: ${body.toString().slice(0, 300)}`)
  }

  /** Every key of a bucket below `prefix` with its size, page by page. */
  async objects(bucket: string, prefix = ''): Promise<Map<string, number>> {
    const found = new Map<string, number>()
    let token = ''
    do {
      const query = { 'list-type': '2', prefix, ...(token && { 'continuation-token': token }) }
      const text = (await this.must('GET', `/${bucket}`, { query })).toString()
      for (const entry of elements(text, 'Contents'))
        found.set(elements(entry, 'Key')[0] ?? '', Number(elements(entry, 'Size')[0]))
      token = elements(text, 'NextContinuationToken')[0] ?? ''
    } while (token !== '')
    return found
  }

  /** Multipart uploads that were begun and neither completed nor aborted, as `key uploadId`. */
  async openUploads(bucket: string): Promise<string[]> {
    const text = (await this.must('GET', `/${bucket}`, { query: { uploads: '' } })).toString()
    return elements(text, 'Upload').map(
      (entry) => `${elements(entry, 'Key')[0] ?? ''} ${elements(entry, 'UploadId')[0] ?? ''}`,
    )
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Signature Version 4 over host, date and body. */
  #signed(method: string, url: URL, body: Buffer): Record<string, string | number> {
    const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
    const bodyHash = createHash('sha256').update(body).digest('hex')
    const headers = { host: url.host, 'x-amz-content-sha256': bodyHash, 'x-amz-date': time }
    const names = Object.keys(headers).join(';')
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
    const canonical = [method, url.pathname, url.search.slice(1), lines.join(''), names, bodyHash].join('\n')
    const scope = `${time.slice(0, 8)}/${REGION}/s3/aws4_request`
    const hashed = createHash('sha256').update(canonical).digest('hex')
    let key: Buffer = Buffer.from(`AWS4${this.#keys.secretKey}`)
    for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
    const signature = createHmac('sha256', key)
      .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${hashed}`)
      .digest('hex')
    return {
      ...headers,
      'content-length': body.length,
      authorization: `AWS4-HMAC-SHA256 Credential=${this.#keys.accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
    }
  }
}

function canonicalQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
}

/** The inner text of each element of this name; S3's answers nest no element in one of the same name. */
function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?: [^>]*)?>(.*?)</${name}>`, 'gs'))].map(
    ([, text = '']) => text,
  )
}
