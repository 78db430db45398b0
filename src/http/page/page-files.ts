import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { systemCode } from '../../system-code.ts'

/** One file of the built page, and the same compressed, if that was done. */
export interface PageFile {
  readonly type: string
  readonly etag: string
  readonly plain: Uint8Array
  readonly br: Uint8Array | undefined
  readonly gzip: Uint8Array | undefined
}

/** The built page in memory: it is smaller than one buffer of a pull. */
export interface PageFiles {
  /** The document that every view starts from. */
  readonly document: PageFile
  /** By name; each name holds a hash of its content. */
  readonly assets: ReadonlyMap<string, PageFile>
}

/** Where `npm run build` puts the page. */
const BUILT = new URL('../../../dist/page', import.meta.url).pathname

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.yaml': 'application/yaml',
}

/** Reads the built page. Undefined when it was not built: the registry does without. */
export async function loadPageFiles(directory = BUILT): Promise<PageFiles | undefined> {
  const names = await namesIn(join(directory, 'assets'))
  const document = await readPageFile(join(directory, 'index.html'))
  if (names === undefined || document === undefined) return undefined
  const assets = new Map<string, PageFile>()
  for (const name of names.filter((one) => TYPES[extname(one)] !== undefined)) {
    const file = await readPageFile(join(directory, 'assets', name))
    if (file !== undefined) assets.set(name, file)
  }
  return { document, assets }
}

async function readPageFile(path: string): Promise<PageFile | undefined> {
  const [plain, br, gzip] = await Promise.all([bytesOf(path), bytesOf(`${path}.br`), bytesOf(`${path}.gz`)])
  if (plain === undefined) return undefined
  const hash = createHash('sha256').update(plain).digest('base64url').slice(0, 22)
  return { type: TYPES[extname(path)] ?? 'application/octet-stream', etag: `"${hash}"`, plain, br, gzip }
}

function bytesOf(path: string): Promise<Uint8Array | undefined> {
  return orAbsent(readFile(path))
}

function namesIn(directory: string): Promise<string[] | undefined> {
  return orAbsent(readdir(directory))
}

async function orAbsent<Value>(promise: Promise<Value>): Promise<Value | undefined> {
  try {
    return await promise
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
