import { type Digest, type DigestPrefix, digestAlgorithm, digestFromBytes, digestHex } from '../oci/digest.ts'

/**
 * Key components, encoded so that byte order is the order of the values:
 * text ends with 0x00 (which text may not hold), everything else has a fixed length.
 */
export type Component = string | Uint8Array

const ALGORITHM_BYTE = { sha256: 1, sha512: 2 } as const
const DIGEST_BYTES = { sha256: 32, sha512: 64 } as const

/** Joins a table's byte and components into one key, or into a prefix when components are left out. */
export function tuple(table: number, ...components: readonly Component[]): Uint8Array {
  let length = 1
  for (const component of components) length += lengthOf(component)
  const key = Buffer.allocUnsafe(length)
  key[0] = table
  let at = 1
  for (const component of components) {
    if (typeof component === 'string') key[at + key.write(component, at)] = 0
    else key.set(component, at)
    at += lengthOf(component)
  }
  return key
}

function lengthOf(component: Component): number {
  if (typeof component !== 'string') return component.length
  if (component.includes('\0')) throw new TypeError('text in a key may not hold a zero byte')
  return Buffer.byteLength(component) + 1
}

/** A digest as one component: an algorithm byte and the raw hash. */
export function digestComponent(digest: Digest): Uint8Array {
  const algorithm = digestAlgorithm(digest)
  const component = Buffer.allocUnsafe(1 + DIGEST_BYTES[algorithm])
  component[0] = ALGORITHM_BYTE[algorithm]
  component.write(digestHex(digest), 1, 'hex')
  return component
}

/** The begin of a digest's component, for ranges; of an odd number of hex digits without the last. */
export function digestPrefixComponent({ algorithm, hex }: DigestPrefix): Uint8Array {
  return Buffer.concat([Uint8Array.of(ALGORITHM_BYTE[algorithm]), Buffer.from(hex, 'hex')])
}

/** An unsigned 64-bit number, big-endian: dates in milliseconds, sequences. */
export function uint64Component(value: number | bigint): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** Reads components off a key, in the order in which they were written. Throws TypeError on a key of another shape. */
export class TupleReader {
  readonly #key: Buffer
  #at = 1

  constructor(key: Uint8Array) {
    this.#key = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
  }

  text(): string {
    const end = this.#key.indexOf(0, this.#at)
    if (end < 0) throw new TypeError('key ends inside a text component')
    const text = this.#key.toString('utf8', this.#at, end)
    this.#at = end + 1
    return text
  }

  digest(): Digest {
    const algorithm = this.bytes(1)[0] === ALGORITHM_BYTE.sha256 ? 'sha256' : 'sha512'
    return digestFromBytes(algorithm, this.bytes(DIGEST_BYTES[algorithm]))
  }

  uint64(): bigint {
    return this.bytes(8).readBigUInt64BE()
  }

  /** A repository's id, as keys.ts writes it. */
  repository(): string {
    return this.bytes(8).toString('hex')
  }

  bytes(length: number): Buffer {
    if (this.#at + length > this.#key.length) throw new TypeError('key is shorter than its components')
    const bytes = this.#key.subarray(this.#at, this.#at + length)
    this.#at += length
    return bytes
  }
}
