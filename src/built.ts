import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** Where `npm run build` puts the program in one piece, from the root of the project. */
export const BUILT = 'dist/server'

/** What a built program was made of. */
interface Made {
  readonly hash: string
  /** Paths from the root of the project. */
  readonly files: readonly string[]
}

/**
 * The program in one piece, if it was built, and of exactly the files that lie here now: else undefined, and the files
 * themselves run. Loading six hundred of them would take longer than everything else that a start does; reading them
 * to be sure takes 20 ms.
 */
export function builtProgram(root: URL): string | undefined {
  const made = readMade(root)
  if (made === undefined || hashOfFiles(root, made.files) !== made.hash) return undefined
  return new URL(`${BUILT}/start.js`, root).href
}

/** As builtProgram reads it. */
export function describeMade({ hash, files }: Made): string {
  return [hash, ...files].join('\n')
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

function readMade(root: URL): Made | undefined {
  const text = readIfThere(new URL(`${BUILT}/made-of`, root))?.toString()
  if (text === undefined) return undefined
  const [hash = '', ...files] = text.split('\n')
  return { hash, files }
}

function readIfThere(file: URL): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
