import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BlobReader } from '../../../storage/blobs/blob-store.ts'
import { StoreDamaged } from '../../../storage/store-errors.ts'
import { archive, member } from '../tar/tar-fixture.ts'
import { LIMITS } from './layer-fixture.ts'
import { LayerThreads } from './layer-threads.ts'
import { readAside } from './read-aside.ts'

/** Above all that is read before the server is told. */
const LARGE = 9 * 1024 * 1024
const CHUNK = 100_000

let folder: string
let threads: LayerThreads

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lamina-aside-'))
  threads = new LayerThreads()
})
afterAll(async () => {
  await threads.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Gives these bytes from memory, and counts how often it was closed or read. */
function readerOf(bytes: Buffer, file?: string): BlobReader & { readonly used: string[] } {
  const used: string[] = []
  return {
    used,
    size: bytes.length,
    ...(file !== undefined && { file }),
    pump: async (sink) => {
      used.push('pumped')
      for (let at = 0; at < bytes.length; at += CHUNK) await sink(bytes.subarray(at, at + CHUNK))
    },
    close: async () => void used.push('closed'),
  }
}

async function fileOf(bytes: Buffer): Promise<string> {
  const path = join(folder, randomBytes(8).toString('hex'))
  await writeFile(path, bytes)
  return path
}

/** What came of it, the bytes of its index, and what was said on the way. */
async function index(reader: BlobReader, signal: AbortSignal = new AbortController().signal) {
  const progress: number[] = []
  const directory = join(folder, randomBytes(8).toString('hex'))
  const job = {
    task: { what: 'index', directory, limits: LIMITS },
    milliseconds: 60_000,
    onProgress: (bytes: number) => void progress.push(bytes),
    signal,
  } as const
  return readAside(threads, reader, job, async ({ result, file }) => ({
    result,
    index: await readFile(file.path),
    progress,
  }))
}

const layer = archive(member({ name: 'random' }, randomBytes(LARGE)), member({ name: 'last' }, 'here'))

describe('a layer in a file of this machine', () => {
  it('is read by the thread, with the same result as when it is sent', async () => {
    const [there, sent] = [readerOf(layer, await fileOf(layer)), readerOf(layer)]
    const [byFile, byPieces] = [await index(there), await index(sent)]
    expect(there.used).toEqual(['closed'])
    expect(sent.used).toEqual(['pumped'])
    expect(byFile.result).toEqual(byPieces.result)
    expect(byFile.index).toEqual(byPieces.index)
    expect(byFile.progress.at(-1)).toBe(layer.length)
    expect(byFile.progress.length).toBeGreaterThan(2)
  })

  it('that ends early is damage of the store, not of the layer', async () => {
    const reader = readerOf(layer, await fileOf(layer.subarray(0, layer.length - 1)))
    await expect(index(reader)).rejects.toThrow(StoreDamaged)
  })

  it('that is gone meanwhile is a failure, and the next layer finds a thread', async () => {
    const reader = readerOf(layer, join(folder, 'nothing-here'))
    await expect(index(reader)).rejects.toThrow('ENOENT')
    expect(reader.used).toEqual(['closed'])
    const { result } = await index(readerOf(layer, await fileOf(layer)))
    expect(result).toMatchObject({ verdict: undefined })
  })

  it('is read no further than its verdict', async () => {
    const noise = randomBytes(LARGE)
    const { result, progress } = await index(readerOf(noise, await fileOf(noise)))
    expect(result).toMatchObject({ verdict: 'unsupported' })
    expect(progress.at(-1)).toBeLessThan(LARGE / 2)
  })

  it('is left alone when nobody wants it any more', async () => {
    const stopping = new AbortController()
    const reader = readerOf(layer, await fileOf(layer))
    stopping.abort(new Error('the server stops'))
    await expect(index(reader, stopping.signal)).rejects.toThrow('the server stops')
  })
})
