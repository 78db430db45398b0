import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Where `npm run build` puts the program in one piece, from the root of the project. */
export const BUILT = 'dist/server'

/** What a built program was made of. */
interface Made {
  readonly hash: string
  /** As stampOfFiles said then. */
  readonly stamp: string
  /** Paths from the root of the project. */
  readonly files: readonly string[]
}

/**
 * The program in one piece, if it was built, and of exactly the files that lie here now: else undefined, and the files
 * themselves run. Loading six hundred of them would take longer than everything else that a start does. They are
 * read, which takes 20 to 50 ms, only when they do not look untouched (copied, checked out again, edited).
 */
export function builtProgram(root: URL): string | undefined {
  const made = readMade(root)
  if (made === undefined) return undefined
  const same = stampOfFiles(root, made.files) === made.stamp || hashOfFiles(root, made.files) === made.hash
  if (!same) return undefined
  return new URL(`${BUILT}/start.js`, root).href
}

/** As builtProgram reads it. */
export function describeMade({ hash, stamp, files }: Made): string {
  return [hash, stamp, ...files].join('\n')
}

/** A hash of the files' names and contents; undefined when one is missing. */
export function hashOfFiles(root: URL, files: readonly string[]): string | undefined {
  const hash = createHash('sha256')
  for (const file of files) {
    const bytes = readIfThere(new URL(file, root))
    if (bytes === undefined) return undefined
    hash.update(`${file}\0${bytes.length}\0`).update(bytes)
  }
  return hash.digest('hex')
}

/** A hash of the files' places, sizes and times of change, which no edit leaves as they were; undefined when one is missing. */
export function stampOfFiles(root: URL, files: readonly string[]): string | undefined {
  const folder = fileURLToPath(root)
  const hash = createHash('sha256')
  for (const file of files) {
    const found = statSync(folder + file, { throwIfNoEntry: false })
    if (found === undefined) return undefined
    hash.update(`${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}\n`)
  }
  return hash.digest('hex')
}

function readMade(root: URL): Made | undefined {
  const text = readIfThere(new URL(`${BUILT}/made-of`, root))?.toString()
  if (text === undefined) return undefined
  const [hash = '', stamp = '', ...files] = text.split('\n')
  return { hash, stamp, files }
}

function readIfThere(file: URL): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
