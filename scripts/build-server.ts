import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import type { Plugin } from 'vite'
import { BUILT, builtProgram, describeMade, hashOfFiles, stampOfFiles } from '../src/built.ts'
import { loadVite } from './load-vite.ts'
import { ROOT } from './project-files.ts'

// Builds the server into one piece, dist/server, unless what is there was made of the same files, and lets it start once,
// so that its code is compiled. Nothing needs it: without it, or once a file has changed, the files themselves run.

/** Looked for in node_modules when needed: with native code, or only loaded for some settings. */
const APART = [
  'classic-level',
  '@node-rs/argon2',
  'pino',
  'pino-pretty',
  'yaml',
  'pg',
  '@aws-sdk/client-s3',
  '@peculiar/x509',
  '@opentelemetry/api',
  '@opentelemetry/core',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace',
]
/** The program itself, which main.js loads as it is when it is not what this was made of. */
const PROGRAM = { source: './cli/start.ts', importer: 'src/main.ts' }
/** What has to run before one of the libraries apart, which all run before what is built: a file of its own. */
const FIRST = { source: './reflect-metadata.ts', importer: 'src/tls/certificates.ts' }
/** What threads begin with. A package that npm installed cannot run the sources: Node refuses TypeScript there. */
const THREADS = [
  'src/inspect/layer/layer-worker.ts',
  'src/inspect/parse-config-worker.ts',
  'src/registry/parse-manifest-worker.ts',
  'src/compose-upkeep-worker.ts',
  'storage/blobs/filesystem/unlink-worker.ts',
]

const OUTPUT = join(ROOT, BUILT)
const COMPILED = join(ROOT, 'node_modules/.cache/lamina')
const BUILDER = join(OUTPUT, '.builder')
const root = new URL('..', import.meta.url)

if (!(await isFresh())) await build()

async function isFresh(): Promise<boolean> {
  const builder = await readFile(BUILDER, 'utf8').catch(() => undefined)
  return builder === hashOfBuilder() && builtProgram(root) !== undefined
}

function hashOfBuilder(): string | undefined {
  return hashOfFiles(root, ['scripts/build-server.ts'])
}

async function build(): Promise<void> {
  const vite = await loadVite()
  if (vite === undefined) return
  const result = await vite.build({
    configFile: false,
    root: ROOT,
    publicDir: false,
    logLevel: 'warn',
    plugins: [staysWhereItWas(), leavesApart()],
    ssr: { noExternal: true, external: APART },
    build: {
      ssr: true,
      rolldownOptions: {
        input: {
          main: 'src/main.ts',
          start: 'src/cli/start.ts',
          ...separate([join(dirname(FIRST.importer), FIRST.source), ...THREADS]),
        },
        // All in one folder: staysWhereItWas counts on it.
        output: { chunkFileNames: '[name]-[hash].js' },
      },
      outDir: BUILT,
      target: 'node24',
      minify: false,
    },
  })
  if (Array.isArray(result) || !('output' in result)) throw new TypeError('Vite gave no single output')
  const files = result.output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []))
  await describe(files.filter((id) => !id.startsWith('\0')).map((id) => relative(ROOT, id)))
  await rm(COMPILED, { recursive: true, force: true })
  await startOnce()
}

/** Entries by the names of their files. */
function separate(files: readonly string[]): Record<string, string> {
  return Object.fromEntries(files.map((file) => [basename(file, '.ts'), file]))
}

/**
 * A file goes on finding its neighbours (the page) from where it was, not from where it was built to. What its threads
 * begin with was built, too, and lies beside it.
 */
function staysWhereItWas(): Plugin {
  return {
    name: 'stays-where-it-was',
    transform: (code, id) => {
      if (id.includes('node_modules') || !code.includes('import.meta.url')) return undefined
      const home = `new URL(${JSON.stringify(relative(OUTPUT, id))}, import.meta.url).href`
      const moved = THREADS.map((file) => basename(file, '.ts')).reduce(
        (text, name) => text.replace(threadUrl(name), `new URL('./${name}.js', built.url)`),
        code,
      )
      return {
        code: moved.replaceAll('import.meta.url', home).replaceAll('built.url', 'import.meta.url'),
        map: null,
      }
    },
  }
}

function threadUrl(name: string): RegExp {
  return new RegExp(`new URL\\(["']\\./${name}\\.ts["'], import\\.meta\\.url\\)`)
}

function leavesApart(): Plugin {
  return {
    name: 'leaves-apart',
    resolveId: {
      order: 'pre',
      handler: (source, importer) => {
        if (source === PROGRAM.source && importer === join(ROOT, PROGRAM.importer))
          return { id: relative(OUTPUT, join(dirname(importer), source)), external: true }
        if (source === FIRST.source && importer === join(ROOT, FIRST.importer))
          return { id: `./${basename(source, '.ts')}.js`, external: true }
        return undefined
      },
    },
  }
}

async function describe(files: readonly string[]): Promise<void> {
  const sorted = files.toSorted()
  const hash = hashOfFiles(root, sorted)
  const stamp = stampOfFiles(root, sorted)
  if (hash === undefined || stamp === undefined) throw new Error('a file went away while it was built')
  await writeFile(join(OUTPUT, 'made-of'), describeMade({ hash, stamp, files: sorted }))
  await writeFile(BUILDER, hashOfBuilder() ?? '')
}

/** Node keeps the compiled code of what ran when a process ends. */
async function startOnce(): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'lamina-build-'))
  // None of the settings that whoever installs this may have.
  const env = {
    PATH: process.env['PATH'],
    LAMINA_DATA: data,
    LAMINA_LISTEN: '127.0.0.1:0',
    LAMINA_STOP_DELAY: '0',
  }
  const server = spawn(join(ROOT, 'bin/lamina'), ['serve'], {
    cwd: data,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  server.stdout.on('data', (text: Buffer) => {
    if (text.includes('listening')) server.kill('SIGTERM')
  })
  await new Promise((resolve) => server.on('close', resolve).on('error', resolve))
  await rm(data, { recursive: true, force: true })
}
