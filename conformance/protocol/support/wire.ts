/** One request, as it goes on the wire: the path is not decoded, normalised or escaped. */
export interface Ask {
  /** GET when left out. */
  readonly method?: string
  readonly path: string
  /** An array sends the header once for each value. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** Sent with Content-Length. */
  readonly body?: string | Uint8Array
  /** Sent instead of `body`, chunked, without Content-Length. */
  readonly chunks?: readonly Uint8Array[]
}

/** What came back: headers by lower-case name, with every line of a repeated header. */
export class Reply {
  readonly status: number
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly body: Buffer

  constructor(status: number, headers: ReadonlyMap<string, readonly string[]>, body: Buffer) {
    this.status = status
    this.headers = headers
    this.body = body
  }

  /** The only line of a header; undefined when absent. Throws when it was sent twice. */
  header(name: string): string | undefined {
    const lines = this.headers.get(name) ?? []
    if (lines.length > 1)
      throw new Error(`header ${name} was sent ${lines.length} times: ${lines.join(' | ')}`)
    return lines[0]
  }

  /** Every line of a header, in order. */
  lines(name: string): readonly string[] {
    return this.headers.get(name) ?? []
  }

  get text(): string {
    return this.body.toString('utf8')
  }

  get json(): unknown {
    const value: unknown = JSON.parse(this.text)
    return value
  }
}
