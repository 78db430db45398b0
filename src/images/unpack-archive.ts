import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { ZstdDamage } from '../inspect/layer/zstd-frames.ts'
import { systemCode } from '../system-code.ts'
import { ByteSource } from './byte-source.ts'
import { compressionOf } from './compression.ts'
import { refused } from './refused.ts'
import { unpackZstd } from './unpack-zstd.ts'

/** Beyond so many bytes an archive may not be larger, unpacked, than so many times what was sent. */
const BOMB_BYTES = 1024 ** 3
const BOMB_RATIO = 200

const CHUNK = 256 * 1024

/** The archive itself, of what may be compressed as a whole: `docker load` takes gzip too. Throws REQUEST_INVALID. */
export async function* unpackArchive(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = new ByteSource(bytes)
  const head = await source.peek(6)
  const compression = compressionOf(head)
  if (compression === 'gzip') yield* unpacked(source, gunzip)
  else if (compression === 'zstd') yield* unpacked(source, (packed) => unpackZstd(packed, CHUNK))
  else if (/^(?:425a68|fd377a585a00)/.test(head.toString('hex')))
    throw refused('it is compressed with bzip2 or xz; send it plain, or compressed with gzip or zstd')
  else yield* source.rest()
}

type Unpack = (packed: AsyncIterable<Uint8Array>) => AsyncIterable<unknown>

async function* unpacked(source: ByteSource, unpack: Unpack): AsyncGenerator<Uint8Array> {
  let sent = 0
  let given = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.rest()) {
      sent += chunk.length
      yield chunk
    }
  }
  try {
    for await (const chunk of unpack(counted())) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('a decoder must give bytes')
      given += chunk.length
      if (given > BOMB_BYTES && given > sent * BOMB_RATIO)
        throw refused(`it unpacks to more than ${BOMB_RATIO} times its size`)
      yield chunk
    }
  } catch (error) {
    throw isDamage(error) ? refused('what it is compressed with is damaged, or cut short', error) : error
  }
}

async function* gunzip(packed: AsyncIterable<Uint8Array>): AsyncGenerator {
  const decoder = createGunzip({ chunkSize: CHUNK })
  // Fails with what the decoder fails with, which the loop below is told, or because that loop has ended.
  const fed = pipeline(packed, decoder).catch(() => undefined)
  try {
    yield* decoder
  } finally {
    decoder.destroy()
    await fed
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof ZstdDamage || /^(Z_|ZSTD_|ERR_ZLIB)/.test(systemCode(error) ?? '')
}
