import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import { blob, type Image, image } from './support/images.ts'
import { textAt } from './support/json.ts'
import { pushBlob, pushImage } from './support/push.ts'
import { dispose, type Server, startServer } from './support/server.ts'

/** Issue: "`lamina backup` writes a consistent snapshot […] while pushes go on; `lamina restore` into an empty data directory". */
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const NAME = 'safe/app'
const run = promisify(execFile)

let scratch: string
let server: Server
let first: Image
const running: Server[] = []

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'lamina-backup-'))
  server = await startServer({ LAMINA_SNAPSHOT_EVERY: '200ms', LAMINA_SWEEP_EVERY: '1s' })
  running.push(server)
  first = await pushed(server.admin, 'first', 'v1')
})

afterAll(async () => {
  // The last first: it runs on the directory of one that ended before, which goes with it.
  for (const one of running.toReversed()) await dispose(one)
  await rm(scratch, { recursive: true, force: true })
})

/** Runs the command with a data directory; gives what it printed as JSON. */
async function lamina(data: string, ...words: string[]): Promise<unknown> {
  const env = { PATH: process.env['PATH'], LAMINA_DATA: data }
  const { stdout } = await run(`${ROOT}/bin/lamina`, [...words, '--json'], { cwd: ROOT, env })
  const value: unknown = JSON.parse(stdout)
  return value
}

async function pushed(client: Client, seed: string, tag: string): Promise<Image> {
  const made = image(seed)
  await pushImage(client, NAME, made, tag)
  return made
}

async function restoredTo(data: string): Promise<Server> {
  const restored = await startServer({}, data)
  running.push(restored)
  return restored
}

async function expectThere(at: Server, made: Image): Promise<void> {
  check(await at.admin.get(`/v2/${NAME}/manifests/${made.digest}`), { status: 200, body: made.bytes })
  for (const { digest, bytes } of made.blobs)
    check(await at.admin.get(`/v2/${NAME}/blobs/${digest}`), { status: 200, body: bytes })
}

test('a backup taken while pushes go on is the registry of one moment, and comes back whole', async () => {
  const to = join(scratch, 'backup')
  const done = new AbortController()
  const isDone = () => done.signal.aborted
  const pushes = (async () => {
    for (let at = 0; !isDone(); at++) await pushBlob(server.admin, 'safe/busy', blob(`busy ${at}`, 3000))
  })()
  await lamina(server.data, 'backup', '--to', to)
  done.abort()
  await pushes
  const late = await pushed(server.admin, 'late', 'v2')
  await lamina(server.data, 'backup', '--to', to)
  const data = join(scratch, 'restored')
  expect(await lamina(data, 'restore', '--from', to)).toMatchObject({ damaged: [] })
  const restored = await restoredTo(data)
  await expectThere(restored, first)
  await expectThere(restored, late)
  await pushed(restored.admin, 'after', 'v3')
})

test('a restore touches nothing outside of its directory, which may be a volume, and is begun again after a cut', async () => {
  const data = join(scratch, 'volume')
  // As a cut leaves it that came between the two last steps.
  for (const folder of ['lost+found', 'blobs', 'restoring/metadata'])
    await mkdir(join(data, folder), { recursive: true })
  await writeFile(`${data}.restoring`, 'of somebody else')
  await expect(startServer({}, data)).rejects.toThrow('give it again as before')
  await lamina(data, 'restore', '--from', join(scratch, 'backup'))
  expect(await readFile(`${data}.restoring`, 'utf8')).toBe('of somebody else')
  expect((await readdir(data)).toSorted()).toEqual(['blobs', 'lost+found', 'metadata'])
  for (const name of ['.', 'blobs', 'metadata', 'metadata/CURRENT'])
    expect((await stat(join(data, name))).mode & 0o077, name).toBe(0)
  await expectThere(await restoredTo(data), first)
})

test('bytes that the backup lost are quarantined, not served', async () => {
  const to = join(scratch, 'rotten')
  await lamina(server.data, 'backup', '--to', to)
  const [one] = first.blobs
  const hex = one?.digest.slice('sha256:'.length) ?? ''
  const file = join(to, 'blobs/sha256', hex.slice(0, 2), hex)
  // A hard link: written anew, so that the registry keeps its own.
  await rm(file)
  await writeFile(file, 'rotten')
  const data = join(scratch, 'rotten-restored')
  expect(await lamina(data, 'restore', '--from', to)).toMatchObject({ damaged: [one?.digest] })
  const restored = await restoredTo(data)
  check(await restored.admin.get(`/v2/${NAME}/blobs/${one?.digest}`), { status: 404 })
  await pushBlob(restored.admin, NAME, one ?? blob('', 0))
  await expectThere(restored, first)
})

test('a registry whose database is lost comes back from the snapshots beside its bytes', async () => {
  const made = await pushed(server.admin, 'snapshot', 'v4')
  const begun = Date.now()
  const taken = async () =>
    (await readdir(join(server.data, 'blobs/blobs/sha256'), { recursive: true }))
      .map((name) => Number(/\.records-(\d+)$/.exec(name)?.[1] ?? 0))
      .filter((at) => at > 0)
  await expect.poll(async () => Math.max(...(await taken())), { timeout: 20_000 }).toBeGreaterThan(begun)
  await expect.poll(async () => (await taken()).length, { timeout: 20_000 }).toBe(7)
  await server.stop()
  await rm(join(server.data, 'metadata'), { recursive: true })
  // With an empty database every blob would be bytes that no record mentions, and swept away.
  await expect(startServer({}, server.data)).rejects.toThrow('are not of the registry')
  await lamina(server.data, 'restore', '--from-store')
  const restored = await restoredTo(server.data)
  await expectThere(restored, first)
  await expectThere(restored, made)
  for (const [tag, { bytes }] of [
    ['v1', first],
    ['v4', made],
  ] as const)
    check(await restored.admin.get(`/v2/${NAME}/manifests/${tag}`), { status: 200, body: bytes })
})

test('a registry with a damaged database comes back with all but the damaged records, without any snapshot', async () => {
  const data = join(scratch, 'damaged')
  const settings = { LAMINA_SNAPSHOT_EVERY: '0', LAMINA_SWEEP_EVERY: '1s' }
  const before = await startServer(settings, data)
  running.push(before)
  const made = await pushed(before.admin, 'damaged', 'v5')
  await before.stop()
  // The next start makes a table of the log.
  await (await restoredTo(data)).stop()
  const [layer] = made.blobs
  const files = await readdir(join(data, 'blobs/blobs/sha256'), { recursive: true })
  const name = files.find((file) => file.includes(layer?.digest.slice('sha256:'.length) ?? '?')) ?? ''
  await flipEach(join(data, 'metadata'), name.slice(name.lastIndexOf('.') + 1))
  const moved = join(scratch, 'damaged-database')
  await rename(join(data, 'metadata'), moved)
  const restored = await lamina(data, 'restore', '--from-damaged', moved)
  expect(restored).toMatchObject({ blobs: made.blobs.length - 1 })
  const again = await restoredTo(data)
  // It says what it found, and ends as a check that found something.
  await lamina(data, 'fsck', '--repair').catch(() => undefined)
  await lamina(data, 'fsck')
  await expectThere(again, made)
})

/** Changes a bit of each place where `text` stands in a table. */
async function flipEach(directory: string, text: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.ldb')) continue
    const bytes = await readFile(join(directory, name))
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1))
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    await writeFile(join(directory, name), bytes)
  }
}

test('nothing is restored over a registry, and no backup goes where other things lie', async () => {
  const data = join(scratch, 'restored')
  await expect(lamina(data, 'restore', '--from', join(scratch, 'backup'))).rejects.toThrow('is not empty')
  const other = join(scratch, 'other')
  await writeFile(other, '')
  const restored = running.find((one) => one.data === data) ?? server
  await expect(lamina(data, 'backup', '--to', scratch)).rejects.toThrow('neither empty nor a backup')
  const remote = await restored.admin.post('/api/v1/backup', JSON.stringify({ to: '/tmp/x' }), {
    'content-type': 'application/json',
  })
  check(remote, { status: 403, code: 'DENIED' })
  expect(textAt(remote.json, 'errors', 0, 'message')).toContain('server’s own machine')
  expect((await stat(join(scratch, 'backup'))).mode & 0o077).toBe(0)
})
