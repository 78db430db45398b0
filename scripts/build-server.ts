import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import type { Plugin } from 'vite'
import { BUILT, builtProgram, describeMade, hashOfFiles } from '../src/built.ts'
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
/**
 * Files that are loaded as they are: the program itself by main.js, when it is not what this was made of; and what has to
 * run before one of the libraries apart, which all run before what is built.
 */
const AS_THEY_ARE: Readonly<Record<string, string>> = {
  './cli/start.ts': 'src/main.ts',
  './reflect-metadata.ts': 'src/tls/certificates.ts',
}

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
    plugins: [staysWhereItWas(), leavesAsTheyAre()],
    ssr: { noExternal: true, external: APART },
    build: {
      ssr: true,
      rolldownOptions: {
        input: { main: 'src/main.ts', start: 'src/cli/start.ts' },
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

/** A file goes on finding its neighbours (threads, the page) from where it was, not from where it was built to. */
function staysWhereItWas(): Plugin {
  return {
    name: 'stays-where-it-was',
    transform: (code, id) => {
      if (id.includes('node_modules') || !code.includes('import.meta.url')) return undefined
      const path = JSON.stringify(relative(OUTPUT, id))
      return { code: code.replaceAll('import.meta.url', `new URL(${path}, import.meta.url).href`), map: null }
    },
  }
}

function leavesAsTheyAre(): Plugin {
  return {
    name: 'leaves-as-they-are',
    resolveId: {
      order: 'pre',
      handler: (source, importer) => {
        const from = AS_THEY_ARE[source]
        if (from === undefined || importer !== join(ROOT, from)) return undefined
        return { id: relative(OUTPUT, join(dirname(importer), source)), external: true }
      },
    },
  }
}

async function describe(files: readonly string[]): Promise<void> {
  const sorted = files.toSorted()
  const hash = hashOfFiles(root, sorted)
  if (hash === undefined) throw new Error('a file went away while it was built')
  await writeFile(join(OUTPUT, 'made-of'), describeMade({ hash, files: sorted }))
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
