import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import type { LayerFile } from './layers.ts'

const CHUNK = 2 ** 20

/**
 * Seconds of processor time in which Node alone unpacks a layer and hashes it twice: what no index can do without, which
 * has the digest of the whole and of each file.
 */
export async function plainUnpacking({ path, plan }: LayerFile): Promise<number> {
  const unpack = plan.compression === 'gzip' ? createGunzip : createZstdDecompress
  const [whole, files] = [createHash('sha256'), createHash('sha256')]
  const hashed = new Writable({
    write(chunk: Buffer, _, done) {
      whole.update(chunk)
      files.update(chunk)
      done()
    },
  })
  const before = process.cpuUsage()
  await pipeline(createReadStream(path, { highWaterMark: CHUNK }), unpack({ chunkSize: CHUNK }), hashed)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
