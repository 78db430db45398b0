import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** What lies in a data directory's blob store, looked at from outside: only names and bytes, no record of the server. */
interface StoreOnDisk {
  /** Digests that files are named after, one for each file. */
  readonly digests: readonly string[]
  /** Names of files of uploads. */
  readonly uploads: readonly string[]
}

/** Reads names alone. */
async function readStore(data: string): Promise<StoreOnDisk> {
  const files = await filesUnder(path.join(data, 'blobs/blobs/sha256'))
  return {
    digests: files.map((file) => digestIn(file)),
    uploads: await readdir(path.join(data, 'blobs/uploads')),
  }
}

/** Hashes every stored file; throws for one whose bytes are not those of its name. Returns how many there are. */
export async function hashStore(data: string): Promise<number> {
  const folder = path.join(data, 'blobs/blobs/sha256')
  const files = await filesUnder(folder)
  for (const file of files) {
    const hash = createHash('sha256')
    try {
      await pipeline(createReadStream(path.join(folder, file)), hash)
    } catch (error) {
      // Collected since its name was read.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') continue
      throw error
    }
    const digest = `sha256:${hash.digest('hex')}`
    if (digest !== digestIn(file)) throw new Error(`${file} holds the bytes of ${digest}`)
  }
  return files.length
}

/** What else than what clients pushed may be stored. */
export interface Beside {
  /** Whether the server made it of something that is live. */
  readonly isMade: (digest: string) => Promise<boolean>
  /** Files and uploads that kills may have cut off: the server keeps them for an hour, for whoever goes on with them. */
  readonly cutOff: number
}

/**
 * Waits until exactly the files of `live` are stored, each once, and no upload, but for what is allowed beside. Throws
 * what is too much or too little when that takes longer than `patience` milliseconds. Returns the number of made files.
 */
export async function untilOnly(
  data: string,
  live: ReadonlySet<string>,
  patience: number,
  beside?: Beside,
): Promise<number> {
  const end = Date.now() + patience
  for (;;) {
    const { digests, uploads } = await readStore(data)
    const made = new Set<string>()
    for (const digest of new Set(digests))
      if (!live.has(digest) && (await beside?.isMade(digest))) made.add(digest)
    const unwanted = digests.filter((digest) => !live.has(digest) && !made.has(digest))
    const missing = [...live].filter((digest) => !digests.includes(digest))
    if (missing.length > 0) throw new Error(`lost: the store has no file of ${missing.join(', ')}`)
    const twice = digests.length - new Set(digests).size
    if (unwanted.length + twice + uploads.length <= (beside?.cutOff ?? 0)) return made.size
    if (Date.now() > end) {
      const some = unwanted.slice(0, 5).join(', ')
      throw new Error(
        `orphaned: ${unwanted.length} files that nothing uses (${some}), ${twice} stored twice, ${uploads.length} of uploads`,
      )
    }
    await sleep(500)
  }
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
}

/** `ab/<hex>.<id>` */
function digestIn(file: string): string {
  return `sha256:${path.basename(file).split('.')[0] ?? ''}`
}
