/** Status and headers of an HTTP answer, as far as reading an object needs them. */
export interface AnswerHead {
  readonly status: number
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  /** Bytes of the body; `chunked` or `until-close` when nobody says how many. */
  readonly body: number | 'chunked' | 'until-close'
  /** Whether the connection can take another request when the body has ended. */
  readonly keepsAlive: boolean
}

/** The head of an answer (RFC 9112 §4), without the empty line at its end; undefined when it is none. */
export function parseAnswerHead(text: string): AnswerHead | undefined {
  const [statusLine = '', ...lines] = text.split('\r\n')
  const [, minor, status] = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(statusLine) ?? []
  if (status === undefined) return undefined
  const headers = parseHeaders(lines)
  const body = headers && bodyOf(headers)
  if (headers === undefined || body === undefined) return undefined
  const connection = headers.get('connection') ?? (minor === '1' ? 'keep-alive' : 'close')
  const keepsAlive = typeof body === 'number' && !/close/i.test(connection)
  return { status: Number(status), headers, body, keepsAlive }
}

function parseHeaders(lines: readonly string[]): Map<string, string> | undefined {
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, given, value = ''] = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (given === undefined) return undefined
    const name = given.toLowerCase()
    const known = headers.get(name)
    // RFC 9112 §6.3: of two lengths that differ none may be believed.
    if (name === 'content-length' && known !== undefined && known !== value) return undefined
    headers.set(name, known === undefined || name === 'content-length' ? value : `${known}, ${value}`)
  }
  return headers
}

/** RFC 9112 §6.3: Transfer-Encoding overrides Content-Length. Undefined for a length that is no number. */
function bodyOf(headers: ReadonlyMap<string, string>): AnswerHead['body'] | undefined {
  if (headers.has('transfer-encoding')) return 'chunked'
  const length = headers.get('content-length')
  if (length === undefined) return 'until-close'
  return /^\d{1,15}$/.test(length) ? Number(length) : undefined
}
