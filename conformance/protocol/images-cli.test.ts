import { execFile } from 'node:child_process'
import { constants, mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { artifact, type Image, image, index } from './support/images.ts'
import { at, textAt } from './support/json.ts'
import { addMember, addUser } from './support/login.ts'
import { pushImage, putManifest } from './support/push.ts'
import { useServer } from './support/server.ts'

/** `lamina inspect|du|cp|rm` with the token of somebody who may do some things and not others. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROGRAM = join(ROOT, 'bin', 'lamina')
const lamina = useServer()
const parts: Image[] = [image('cli/amd64'), image('cli/arm64')]
const whole = index(parts)
const signature = artifact('application/vnd.example.signature', parts[0] ?? whole)
let token = ''

beforeAll(async () => {
  const { admin } = lamina.now
  for (const one of parts) await pushImage(admin, 'shop/web', one)
  await pushImage(admin, 'shop/web', whole, 'v1')
  await putManifest(admin, 'shop/web', 'amd64', parts[0] ?? whole)
  await pushImage(admin, 'shop/web', signature)
  await pushImage(admin, 'hidden/app', image('cli/hidden'), 'v1')
  const ann = await addUser(admin, 'ann')
  await addMember(admin, 'shop', 'ann', 'admin')
  const made = await ann.sendJson('POST', '/api/v1/user/tokens', { name: 'cli' })
  token = textAt(made.json, 'secret')
})

interface Ran {
  readonly code: number
  readonly value: unknown
  readonly error: string
}

/** Runs the command as ann, from elsewhere. */
async function run(...words: string[]): Promise<Ran> {
  const env = { PATH: process.env['PATH'], LAMINA_URL: lamina.now.url, LAMINA_TOKEN: token }
  return new Promise((resolve) => {
    execFile(PROGRAM, [...words, '--json'], { cwd: ROOT, env }, (error, stdout, stderr) => {
      const value: unknown = stdout === '' ? undefined : JSON.parse(stdout)
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, value, error: stderr })
    })
  })
}

/** How many blobs were sent to the server so far. */
async function uploadsClosed(): Promise<string | undefined> {
  const { text } = await lamina.now.admin.get('/metrics')
  return /^lamina_http_requests_total\{endpoint="putUpload".* (\d+)$/m.exec(text)?.[1]
}

test('cp copies an index with all platforms and what refers to it, and sends no blob', async () => {
  const { admin } = lamina.now
  const before = await uploadsClosed()
  const ran = await run('cp', 'shop/web:v1', 'ann/copy', '--referrers')
  expect(ran).toMatchObject({ code: 0, error: '', value: { copied: [{ name: 'v1', digest: whole.digest }] } })
  check(await admin.get('/v2/ann/copy/manifests/v1'), { status: 200, body: whole.bytes })
  for (const { blobs } of parts)
    for (const { digest, bytes } of blobs)
      check(await admin.get(`/v2/ann/copy/blobs/${digest}`), { status: 200, body: bytes })
  expect(await uploadsClosed()).toBe(before)
  const alone = await run('cp', `shop/web@${parts[0]?.digest}`, 'ann/signed:v1', '--referrers')
  expect(alone.code).toBe(0)
  const referrers = await admin.get(`/v2/ann/signed/referrers/${parts[0]?.digest}`)
  expect(at(referrers.json, 'manifests', 0, 'digest')).toBe(signature.digest)
})

test('cp copies every tag of a repository, and gives an image another tag in its own', async () => {
  const { admin } = lamina.now
  expect((await run('cp', 'shop/web', 'ann/all', '--all-tags')).code).toBe(0)
  check(await admin.get('/v2/ann/all/tags/list'), {
    status: 200,
    json: { name: 'ann/all', tags: ['amd64', 'v1'] },
  })
  expect((await run('cp', 'shop/web:v1', 'shop/web:stable')).code).toBe(0)
  check(await admin.get('/v2/shop/web/manifests/stable'), { status: 200, body: whole.bytes })
})

test('what may not be seen is not there', async () => {
  for (const words of [
    ['cp', 'hidden/app:v1', 'ann/x:v1'],
    ['rm', 'hidden/app', '--yes'],
  ]) {
    const ran = await run(...words)
    expect(ran.code, words.join(' ')).toBe(1)
    expect(ran.error).toMatch(/does not exist|UNAUTHORIZED/)
  }
})

test('inspect shows the steps; du counts shared content once', async () => {
  const seen = await run('inspect', `shop/web@${parts[0]?.digest}`)
  expect(seen).toMatchObject({ code: 0, value: { digest: parts[0]?.digest } })
  const used = await run('du', 'shop/web')
  const stored = parts.flatMap(({ blobs }) => blobs).reduce((sum, { size }) => sum + size, 0)
  expect(used).toMatchObject({ code: 0, value: { repository: 'shop/web', stored } })
  expect(await run('du', 'shop')).toMatchObject({ code: 0, value: { project: 'shop', stored } })
})

test('rm says what would go, and deletes with --yes', async () => {
  const { admin } = lamina.now
  const asked = await run('rm', 'shop/web:amd64')
  expect(asked).toMatchObject({ code: 1, value: { tag: 'amd64', digest: parts[0]?.digest, deleted: false } })
  check(await admin.get('/v2/shop/web/manifests/amd64'), { status: 200 })
  expect((await run('rm', 'shop/web:amd64', '--yes')).code).toBe(0)
  check(await admin.get('/v2/shop/web/manifests/amd64'), { status: 404 })
  const manifest = await run('rm', `shop/web@${parts[0]?.digest}`)
  expect(manifest.value).toMatchObject({ parents: [whole.digest], deleted: false })
  expect(await run('rm', 'shop/web')).toMatchObject({ code: 1, value: { deleted: false } })
  expect((await run('rm', 'shop/web', '--yes')).code).toBe(0)
  check(await admin.get('/v2/shop/web/manifests/v1'), { status: 404 })
})

test('an export into a named pipe goes through it, and leaves it there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lamina-pipe-'))
  const pipe = join(folder, 'pipe')
  await promisify(execFile)('mkfifo', [pipe])
  // Both ways, so that no end waits for the other.
  const end = await open(pipe, constants.O_RDWR | constants.O_NONBLOCK)
  try {
    const ran = await run('export', 'ann/copy:v1', '--output', pipe)
    expect(ran.code, ran.error).toBe(0)
    expect((await stat(pipe)).isFIFO()).toBe(true)
    expect((await end.read(Buffer.alloc(512))).bytesRead).toBe(512)
  } finally {
    await end.close()
    await rm(folder, { recursive: true })
  }
})
