import { createCipheriv, createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { tar } from '../fixtures/tar.ts'

/** Layers of an archive. */
export const LAYERS = 5
/** Bytes that are made at a time. */
export const CHUNK = 2 ** 20

/** Bytes of one layer, which no two layers share; what they mean matters to nobody here. */
function* layerBytes(layer: number, size: number): Generator<Buffer> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, layer + 1), Buffer.alloc(16))
  const zeros = Buffer.alloc(CHUNK)
  for (let at = 0; at < size; at += CHUNK) yield cipher.update(zeros)
}

function layerDigest(layer: number, size: number): string {
  const hash = createHash('sha256')
  for (const chunk of layerBytes(layer, size)) hash.update(chunk)
  return `sha256:${hash.digest('hex')}`
}

/** A docker archive with layers of `size` bytes, a multiple of CHUNK, its list first; gives the digests of its layers. */
export async function writeDockerArchive(file: string, size: number): Promise<string[]> {
  const digests = Array.from({ length: LAYERS }, (_, layer) => layerDigest(layer, size))
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: digests } }),
  )
  const names = digests.map((digest) => `${digest.slice('sha256:'.length)}.tar`)
  const list = [{ Config: 'config', RepoTags: ['big:v1'], Layers: names }]
  const small = tar([
    { name: 'manifest.json', body: Buffer.from(JSON.stringify(list)) },
    { name: 'config', body: config },
  ])
  const handle = await open(file, 'w')
  await handle.write(small.subarray(0, -1024))
  for (const [layer, name] of names.entries()) {
    await handle.write(header(name, size))
    for (const chunk of layerBytes(layer, size)) await handle.write(chunk)
  }
  await handle.write(Buffer.alloc(1024))
  await handle.close()
  return digests
}

/** Of a file of `size` bytes, which is a multiple of a block. */
function header(name: string, size: number): Buffer {
  const block = tar([{ name, body: Buffer.alloc(0) }]).subarray(0, 512)
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  block.write('        ', 148)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
