import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { loadVite } from './load-vite.ts'
import { pageDocs } from './page-docs.ts'
import { pageTypes } from './page-types.ts'
import { projectFiles, ROOT } from './project-files.ts'

// Builds the web page into dist/page, unless what is there was made of the same sources. `npm ci` and `npm start` run it,
// `--types` only writes the types that it is compiled with.

const BUILT = join(ROOT, 'dist/page')
const STAMP = join(BUILT, '.sources')
const TYPES = join(ROOT, 'src/page/api/schema.generated.ts')
const DOCS = join(ROOT, 'src/page/views/docs/description.generated.ts')

await writeWhenNew(TYPES, pageTypes())
await writeWhenNew(DOCS, pageDocs())
if (!process.argv.includes('--types')) await buildWhenStale()

async function buildWhenStale(): Promise<void> {
  const sources = await hashOfSources()
  if ((await textOf(STAMP)) === sources) return
  const vite = await loadVite()
  if (vite === undefined) return
  const root = join(ROOT, 'src/page')
  await vite.build({ root, configFile: join(root, 'vite.config.ts'), logLevel: 'warn' })
  await compressAll(BUILT)
  await writeFile(STAMP, sources)
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256')
  for (const path of await projectFiles(
    'src/page/**/*.{ts,tsx,css,html,svg}',
    'openapi.yaml',
    'package-lock.json',
    'scripts/build-page.ts',
  ))
    hash.update(`${path}\0`).update(await readFile(join(ROOT, path)))
  return hash.digest('hex')
}

/** The server never compresses: it sends what lies beside the file. */
async function compressAll(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path)
    await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }))
    await writeFile(
      `${path}.br`,
      brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
    )
  }
}

async function writeWhenNew(path: string, text: string): Promise<void> {
  if ((await textOf(path)) !== text) await writeFile(path, text)
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
