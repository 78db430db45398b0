import type { Reply } from './wire.ts'

/** One part of a multipart/byteranges body. */
export interface Part {
  readonly range: string
  readonly bytes: Buffer
}

/** The parts of a multipart/byteranges answer; throws on anything that podman or stargz would not parse. */
export function multipartOf(reply: Reply): Part[] {
  const type = reply.header('content-type') ?? ''
  // "boundary alphanumeric, no colon"
  const [, boundary] = /^multipart\/byteranges; ?boundary=([A-Za-z0-9]{1,70})$/.exec(type) ?? []
  if (boundary === undefined) throw new Error(`not a multipart/byteranges with a plain boundary: ${type}`)
  const parts: Part[] = []
  let rest = afterDelimiter(reply.body, `--${boundary}`, 'first')
  for (;;) {
    if (rest.subarray(0, 2).toString() === '--') return parts
    const headEnd = rest.indexOf('\r\n\r\n')
    const headers = rest.subarray(0, headEnd).toString('latin1')
    const [, range, start, end] = /^content-range: (bytes (\d+)-(\d+)\/\d+)\r?$/im.exec(headers) ?? []
    if (headEnd < 0 || range === undefined)
      throw new Error(`a part without Content-Range: ${headers.slice(0, 200)}`)
    if (!/^content-type: \S+/im.test(headers)) throw new Error(`a part without Content-Type: ${headers}`)
    const size = Number(end) - Number(start) + 1
    const bytes = rest.subarray(headEnd + 4, headEnd + 4 + size)
    parts.push({ range, bytes })
    rest = afterDelimiter(rest.subarray(headEnd + 4 + size), `\r\n--${boundary}`, range)
  }
}

function afterDelimiter(bytes: Buffer, delimiter: string, where: string): Buffer {
  // RFC 2046 lets a CRLF stand before the first delimiter.
  const from = where === 'first' && bytes.subarray(0, 2).toString() === '\r\n' ? bytes.subarray(2) : bytes
  if (from.subarray(0, delimiter.length).toString('latin1') !== delimiter)
    throw new Error(`no delimiter at part ${where}: ${from.subarray(0, 80).toString('latin1')}`)
  return from.subarray(delimiter.length)
}
