import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { ByteSource } from './byte-source.ts'
import { refused } from './refused.ts'

/** Beyond so many bytes an archive may not be larger, unpacked, than so many times what was sent. */
const BOMB_BYTES = 1024 ** 3
const BOMB_RATIO = 200

const CHUNK = 256 * 1024

/** The archive itself, of what may be compressed as a whole: `docker load` takes gzip too. Throws REQUEST_INVALID. */
export async function* unpackArchive(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = new ByteSource(bytes)
  const head = (await source.peek(6)).toString('hex')
  if (head.startsWith('1f8b')) yield* unpacked(source, createGunzip({ chunkSize: CHUNK }))
  else if (head.startsWith('28b52ffd')) yield* unpacked(source, createZstdDecompress({ chunkSize: CHUNK }))
  else if (head.startsWith('425a68') || head === 'fd377a585a00')
    throw refused('it is compressed with bzip2 or xz; send it plain, or compressed with gzip or zstd')
  else yield* source.rest()
}

type Decoder = ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>

async function* unpacked(source: ByteSource, decoder: Decoder): AsyncGenerator<Uint8Array> {
  let sent = 0
  let given = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.rest()) {
      sent += chunk.length
      yield chunk
    }
  }
  // Fails with what the decoder fails with, which the loop below is told, or because that loop has ended.
  const fed = pipeline(counted(), decoder).catch(() => undefined)
  try {
    for await (const chunk of decoder) {
      if (!Buffer.isBuffer(chunk)) throw new TypeError('a decoder must give bytes')
      given += chunk.length
      if (given > BOMB_BYTES && given > sent * BOMB_RATIO)
        throw refused(`it unpacks to more than ${BOMB_RATIO} times its size`)
      yield chunk
    }
  } catch (error) {
    throw isDamage(error) ? refused('what it is compressed with is damaged, or cut short', error) : error
  } finally {
    decoder.destroy()
    await fed
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(Z_|ZSTD_|ERR_ZLIB)/.test(String(error.code))
}
