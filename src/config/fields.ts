import { resolve } from 'node:path'
import { z } from 'zod'
import { parseCidr, parseListenAddress } from './address.ts'
import { parseDuration, parseSize } from './units.ts'

/** The longest that a timer of Node can wait, in milliseconds: 24 days. */
const LONGEST_TIMER = 24 * 86_400_000

/** A kind of value: how it is read from text, and what a right one looks like, to end "must be …". */
export interface Field<Value> {
  readonly type: z.ZodType<Value, string>
  readonly expects: string
}

/** Builds a field from a parser that gives undefined for what is wrong. */
function field<Value>(expects: string, parse: (text: string) => Value | undefined): Field<Value> {
  const type = z.string().transform((text, context): Value => {
    const value = parse(text)
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: expects })
    return z.NEVER
  })
  return { type, expects }
}

/** Any text but the empty one. */
export const text: Field<string> = field('a text', (value) => value || undefined)

/** `level`, or where PostgreSQL is; what it says is examined when it is used. */
export const metadataStore: Field<string> = field(
  '`level`, or a URL such as postgres://user:password@host:5432/database',
  (value) => (value === 'level' || /^postgres(?:ql)?:\/\//.test(value) ? value : undefined),
)

/** A path, made absolute from the working directory. */
export const path: Field<string> = field('a path', (value) => (value === '' ? undefined : resolve(value)))

export const listenAddress = field(
  'HOST:PORT such as 127.0.0.1:5000, [::1]:5000 or 0.0.0.0:5000 (port 0 picks a free one)',
  parseListenAddress,
)

/** The origin under which clients reach the server, without a slash at the end. */
export const origin: Field<string> = field(
  'an origin such as https://registry.example:5000, without a path',
  (value) => {
    const url = URL.parse(value)
    if (url === null || !/^https?:$/.test(url.protocol)) return undefined
    // What it would leave out is told of: a password, too.
    const bare =
      url.pathname === '/' && url.search === '' && url.hash === '' && url.username + url.password === ''
    return bare ? url.origin : undefined
  },
)

/** Where something is sent. A name and a password stand in no URL that fetch takes. */
export const httpUrl = field(
  'a URL such as https://hooks.example/registry, without a name and a password',
  (value) => {
    const url = URL.parse(value)
    if (url === null || !/^https?:$/.test(url.protocol) || url.username + url.password !== '')
      return undefined
    return url.href
  },
)

export const cidrs = field('addresses or ranges such as 10.0.0.0/8, ::1, separated by commas', (value) => {
  const parts = value.split(',').map((part) => parseCidr(part.trim()))
  const ranges = parts.filter((part) => part !== undefined)
  return ranges.length === parts.length ? Object.freeze(ranges) : undefined
})

export const flag = field('true or false', (value) => {
  // YAML writes it True, too.
  const word = value.toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : undefined
})

/** Where blobs are: in the data directory, or below a prefix of a bucket, which ends with a slash unless it is empty. */
export type BlobsPlace =
  | { readonly kind: 'filesystem' }
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string }

export const blobsPlace: Field<BlobsPlace> = field('filesystem, or s3://BUCKET/PREFIX', (value) => {
  if (value === 'filesystem') return { kind: 'filesystem' }
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([^\0]*))?$/.exec(value)
  if (match === null) return undefined
  const parts = (match[2] ?? '').split('/').filter((part) => part !== '')
  if (parts.some((part) => part === '.' || part === '..')) return undefined
  return { kind: 's3', bucket: match[1] ?? '', prefix: parts.map((part) => `${part}/`).join('') }
})

/** One of the listed words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Field<Word> {
  return field(`one of ${words.join(', ')}`, (value) => words.find((word) => word === value))
}

/** A whole number, `least` included. */
export function count(least: number, most = Number.MAX_SAFE_INTEGER): Field<number> {
  const range = most === Number.MAX_SAFE_INTEGER ? `, ${least} or more` : ` from ${least} to ${most}`
  return field(`a whole number${range}`, (value) => {
    const number = Number(value)
    return /^\d{1,16}$/.test(value) && number >= least && number <= most ? number : undefined
  })
}

/** A duration in milliseconds, both ends (given as durations too) included. */
export function duration(least: string, most?: string): Field<number> {
  const [from, to] = [
    parseDuration(least) ?? 0,
    most === undefined ? LONGEST_TIMER : (parseDuration(most) ?? 0),
  ]
  const range = most === undefined ? `${least} or more, at most 24d` : `from ${least} to ${most}`
  return field(`a duration with its unit such as 500ms, 30s, 10m or 24h (${range})`, (value) => {
    const milliseconds = parseDuration(value)
    return milliseconds !== undefined && milliseconds >= from && milliseconds <= to ? milliseconds : undefined
  })
}

/** A size in bytes. */
export const size = field('a size such as 256MiB, 1GB or 4096', parseSize)

/** A size in bytes, `least` (given as a size, too) included. */
export function sizeFrom(least: string): Field<number> {
  return field(`a size such as 256MiB, 1GB or 4096 (${least} or more)`, (value) => {
    const bytes = parseSize(value)
    return bytes !== undefined && bytes >= (parseSize(least) ?? 0) ? bytes : undefined
  })
}

/** A secret that other keys are made of: long enough that nobody guesses it. */
export const longSecret = field(
  'a text of at least 32 characters, for example from `openssl rand -hex 32`',
  (value) => (value.length >= 32 ? value : undefined),
)
