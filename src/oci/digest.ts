/** Digests as image-spec "Digests" defines them: algorithm, colon, lower-case hex of the exact length. */

declare const digestBrand: unique symbol
/** A digest whose grammar was checked, such as `sha256:…` with 64 hex digits. */
export type Digest = string & { readonly [digestBrand]: true }
export type DigestAlgorithm = 'sha256' | 'sha512'

/** Length in hex digits of each supported algorithm. */
const HEX_LENGTH: Readonly<Record<DigestAlgorithm, number>> = { sha256: 64, sha512: 128 }
const HEX = /^[0-9a-f]+$/

export function isDigestAlgorithm(text: string): text is DigestAlgorithm {
  return text === 'sha256' || text === 'sha512'
}

function isDigest(text: string): text is Digest {
  const colon = text.indexOf(':')
  const algorithm = text.slice(0, colon)
  const encoded = text.slice(colon + 1)
  return isDigestAlgorithm(algorithm) && encoded.length === HEX_LENGTH[algorithm] && HEX.test(encoded)
}

/** The digest in `text`, or undefined when it is malformed or of an algorithm that is not supported. */
export function parseDigest(text: string): Digest | undefined {
  return isDigest(text) ? text : undefined
}

/** The begin of a digest, as people copy it from a list. */
export interface DigestPrefix {
  readonly algorithm: DigestAlgorithm
  readonly hex: string
}

/** Hex digits that mean a digest: fewer are a word or a number as well. */
const PREFIX_LENGTH = 7

/** The begin of a digest in `text`, of sha256 when it names no algorithm; undefined when it is none. */
export function parseDigestPrefix(text: string): DigestPrefix | undefined {
  const [, algorithm = 'sha256', hex = ''] = /^(?:([a-z0-9]+):)?([0-9a-f]+)$/.exec(text) ?? []
  if (!isDigestAlgorithm(algorithm) || hex.length < PREFIX_LENGTH) return undefined
  return hex.length > HEX_LENGTH[algorithm] ? undefined : { algorithm, hex }
}

/** Builds a digest from raw hash bytes; throws TypeError when their length does not fit the algorithm. */
export function digestFromBytes(algorithm: DigestAlgorithm, bytes: Uint8Array): Digest {
  const digest = parseDigest(`${algorithm}:${Buffer.from(bytes).toString('hex')}`)
  if (digest === undefined) throw new TypeError(`${bytes.length} bytes are not a ${algorithm} hash`)
  return digest
}

export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}

/** The hex part, without the algorithm. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}

/** Says what is wrong with `text` as a digest, for the error a client reads. */
export function whyNotDigest(text: string): string {
  const colon = text.indexOf(':')
  if (colon < 0) return `'${shown(text)}' is not a digest: it has no algorithm; write sha256:<64 hex digits>`
  const algorithm = text.slice(0, colon)
  if (!isDigestAlgorithm(algorithm))
    return `digest algorithm '${shown(algorithm)}' is not supported; use sha256 or sha512`
  return `'${shown(text)}' is not a ${algorithm} digest: that takes exactly ${HEX_LENGTH[algorithm]} lower-case hex digits after the colon`
}

function shown(text: string): string {
  return text.length > 150 ? `${text.slice(0, 150)}…` : text
}
