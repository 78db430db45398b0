import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { ON_CLUSTER } from './support/form.ts'
import { blob, type Image, image, index } from './support/images.ts'
import { at, listAt, textAt } from './support/json.ts'
import { pushBlob, pushImage, putManifest } from './support/push.ts'
import { askRaw } from './support/raw.ts'
import { useServer } from './support/server.ts'

/**
 * Collection, retention, tag life and quotas from outside: a grace of seconds, longer than a push takes, and a collector
 * that hardly rests.
 */
const GRACE_MS = ON_CLUSTER ? 8000 : 2000
const lamina = useServer({ LAMINA_AUTH: 'off', LAMINA_GRACE: `${GRACE_MS}ms`, LAMINA_COLLECT_EVERY: '100ms' })
const client = () => lamina.now.client
const PATIENCE = { timeout: 30_000, interval: 200 }

/** Digests whose bytes lie in the data directory, found there and not asked for. */
async function stored(): Promise<string[]> {
  const root = join(lamina.now.data, 'blobs')
  const files = await readdir(root, { recursive: true, withFileTypes: true })
  return files.filter((file) => file.isFile()).map(({ name }) => name)
}

async function isStored(digest: string): Promise<boolean> {
  const hex = digest.slice('sha256:'.length)
  return (await stored()).some((name) => name.includes(hex))
}

/** How many blobs of an image lie on the disk. */
async function storedOf(made: Image): Promise<number> {
  const there = await Promise.all(made.blobs.map(({ digest }) => isStored(digest)))
  return there.filter(Boolean).length
}

const api = (method: string, path: string, body?: unknown) =>
  client().sendJson(method, `/api/v1${path}`, body)

describe('what nothing uses', () => {
  test('goes from the disk without any command: a deleted image, and a blob without a manifest', async () => {
    const [kept, gone, lone] = [image('gc/kept'), image('gc/gone'), image('gc/lone')]
    await pushImage(client(), 'gc/app', kept, 'kept')
    await pushImage(client(), 'gc/app', gone, 'gone')
    for (const each of lone.blobs) await pushBlob(client(), 'gc/app', each)
    expect([await storedOf(gone), await storedOf(lone)]).toEqual([gone.blobs.length, lone.blobs.length])
    check(await client().delete(`/v2/gc/app/manifests/${gone.digest}`), { status: 202 })
    await expect.poll(() => storedOf(gone), PATIENCE).toBe(0)
    await expect.poll(() => storedOf(lone), PATIENCE).toBe(0)
    expect(await storedOf(kept)).toBe(kept.blobs.length)
    for (const each of kept.blobs)
      check(await client().get(`/v2/gc/app/blobs/${each.digest}`), { status: 200, body: each.bytes })
  })

  test('is kept while an index, another repository or a push needs it', async () => {
    const [child, shared] = [image('gc/child'), image('gc/shared')]
    await pushImage(client(), 'gc/multi', child)
    const parent = index([child])
    await putManifest(client(), 'gc/multi', 'v1', parent)
    await pushImage(client(), 'gc/one', shared, 'v1')
    await pushImage(client(), 'gc/two', shared, 'v1')
    check(await client().delete(`/v2/gc/one/manifests/${shared.digest}`), { status: 202 })
    const marker = image('gc/marker')
    for (const each of marker.blobs) await pushBlob(client(), 'gc/one', each)
    await expect.poll(() => storedOf(marker), PATIENCE).toBe(0)
    expect([await storedOf(child), await storedOf(shared)]).toEqual([child.blobs.length, shared.blobs.length])
    check(await client().get(`/v2/gc/multi/manifests/${child.digest}`), { status: 200, body: child.bytes })
  })

  test('can always be used by who was just told that it is here', async () => {
    const made = image('gc/told')
    let told = 0
    let proven = 0
    for (let round = 0; round < 25; round += 1) {
      const begun = performance.now()
      for (const each of made.blobs) {
        const head = await client().head(`/v2/gc/told/blobs/${each.digest}`)
        if (head.status === 200) told += 1
        else await pushBlob(client(), 'gc/told', each)
      }
      const reply = await putManifest(client(), 'gc/told', 'v1', made)
      // A machine that slept for the whole grace proves nothing.
      if (performance.now() - begun > GRACE_MS / 2) continue
      proven += 1
      check(reply, { status: 201 })
      check(await client().delete(`/v2/gc/told/manifests/${made.digest}`), { status: 202 })
      await new Promise((resolve) => setTimeout(resolve, (round % 5) * 100))
    }
    expect(told + proven).toBeGreaterThan(0)
  })

  test('is foreseen, and what keeps a blob is said', async () => {
    const made = image('gc/why')
    await pushImage(client(), 'gc/why', made, 'v1')
    const layer = made.blobs[0]?.digest ?? ''
    const why = await api('GET', `/collection/why/${layer}`)
    expect(textAt(why.json, 'holders', 0, 'repository')).toBe('gc/why')
    expect(at(why.json, 'holders', 0, 'uses', 0)).toEqual({ manifest: made.digest, tags: ['v1'] })
    const report = await api('GET', '/collection')
    expect(listAt(report.json, 'entries').length).toBeGreaterThan(0)
    const jobs = await api('GET', '/maintenance')
    expect(listAt(jobs.json, 'failures')).toEqual([])
  })
})

describe('what was deleted or moved', () => {
  const patient = useServer({ LAMINA_AUTH: 'off' })
  const client = () => patient.now.client
  const api = (method: string, path: string, body?: unknown) =>
    client().sendJson(method, `/api/v1${path}`, body)

  test('can be brought back while the grace lasts', async () => {
    const [one, two] = [image('gc/first'), image('gc/second')]
    await pushImage(client(), 'life/app', one, 'v1')
    await pushImage(client(), 'life/app', two, 'v1')
    const body = { repository: 'life/app', tag: 'v1' }
    check(await api('POST', '/projects/life/rollback', body), {
      status: 200,
      json: { digest: one.digest, restored: false },
    })
    check(await client().get('/v2/life/app/manifests/v1'), { status: 200, body: one.bytes })
    check(await client().delete(`/v2/life/app/manifests/${one.digest}`), { status: 202 })
    const restored = await api('POST', '/projects/life/restore', {
      repository: 'life/app',
      digest: one.digest,
    })
    check(restored, { status: 200, json: { digest: one.digest, tags: ['v1'] } })
    check(await client().get('/v2/life/app/manifests/v1'), { status: 200, body: one.bytes })
    const log = await api('GET', '/projects/life/tag-log?repository=life/app&tag=v1')
    expect(listAt(log.json, 'steps').map((step) => at(step, 'digest'))).toEqual([
      one.digest,
      undefined,
      one.digest,
      two.digest,
      one.digest,
    ])
  })

  test('belongs to its project: another one does not lead to it', async () => {
    await pushImage(client(), 'life/own', image('gc/own'), 'v1')
    await pushImage(client(), 'strange/app', image('gc/strange'), 'v1')
    for (const path of ['tag-log?tag=v1&', 'deleted?'])
      check(await api('GET', `/projects/strange/${path}repository=life/own`), {
        status: 404,
        code: 'NAME_UNKNOWN',
      })
    check(await api('DELETE', '/projects/strange/repositories?repository=life/own'), { status: 404 })
    check(await api('POST', '/projects/strange/rollback', { repository: 'life/own', tag: 'v1' }), {
      status: 404,
    })
  })
})

describe('policies', () => {
  test('an untagged image goes where a rule says so, and its space with it', async () => {
    const made = image('gc/untagged')
    await pushImage(client(), 'rules/app', made, 'v1')
    check(
      await api('PATCH', '/projects/rules/policy', { retention: [{ name: 'untagged', keepPulledDays: 0 }] }),
      {
        status: 200,
      },
    )
    check(await client().delete('/v2/rules/app/manifests/v1'), { status: 202 })
    await expect.poll(() => storedOf(made), PATIENCE).toBe(0)
  })

  test('a preview names what would go, and what was pulled lately first', async () => {
    for (const tag of ['b1', 'b2', 'b3']) await pushImage(client(), 'preview/app', image(`gc/${tag}`), tag)
    await new Promise((resolve) => setTimeout(resolve, GRACE_MS + 500))
    const retention = [{ name: 'builds', tags: 'b*', keepLast: 1, keepPulledDays: 0 }]
    const preview = await api('POST', '/projects/preview/retention-preview', { retention })
    expect(listAt(preview.json, 'others').map((item) => at(item, 'tag'))).toEqual(['b2', 'b1'])
    expect(at(preview.json, 'count')).toBe(2)
    check(await client().get('/v2/preview/app/manifests/b1'), { status: 200 })
    check(
      await api('POST', '/projects/preview/retention-preview', { retention: [{ name: 'x', tags: '*' }] }),
      {
        status: 400,
        code: 'REQUEST_INVALID',
      },
    )
  })

  test('an immutable tag stays, and the same push again is fine', async () => {
    const [one, two] = [image('gc/immutable'), image('gc/other')]
    await pushImage(client(), 'fixed/app', one, 'v1')
    await pushImage(client(), 'fixed/app', two, 'latest')
    check(await api('PATCH', '/projects/fixed/policy', { immutableTags: ['v*'] }), { status: 200 })
    const refused = await putManifest(client(), 'fixed/app', 'v1', two)
    check(refused, { status: 403, code: 'DENIED' })
    expect(refused.text).toContain('cannot be overwritten because the repository is immutable')
    const denied = { status: 403, code: 'DENIED' } as const
    check(await putManifest(client(), 'fixed/app', `${two.digest}?tag=v1`, two), denied)
    check(await client().delete('/v2/fixed/app/manifests/v1'), denied)
    check(await client().delete(`/v2/fixed/app/manifests/${one.digest}`), denied)
    check(await client().delete(`/v2/fixed/app/blobs/${one.blobs[0]?.digest}`), denied)
    check(await api('DELETE', '/projects/fixed/repositories?repository=fixed/app'), denied)
    check(await api('DELETE', '/projects/fixed?repositories=delete'), denied)
    check(await putManifest(client(), 'fixed/app', 'v1', one), { status: 201 })
    check(await client().get('/v2/fixed/app/manifests/v1'), { status: 200, body: one.bytes })
  })

  test('a quota refuses what is too much with 403 and numbers, and nothing that is here or goes', async () => {
    const [one, two] = [image('gc/quota'), image('gc/beyond')]
    await pushImage(client(), 'small/app', one, 'v1')
    const { json } = await api('GET', '/projects/small/usage')
    const used = Number(at(json, 'used'))
    expect(used).toBe(one.blobs.reduce((bytes, { size }) => bytes + size, 0))
    check(await api('PUT', '/projects/small/quota', { quota: used }), {
      status: 200,
      json: { used, quota: used },
    })
    const refused = await client().post('/v2/small/app/blobs/uploads/')
    check(refused, { status: 403, code: 'DENIED' })
    expect(at(refused.json, 'errors', 0, 'detail')).toMatchObject({ quota: used, used })
    const from = `mount=${two.blobs[0]?.digest}&from=large/app`
    await pushImage(client(), 'large/app', two, 'v1')
    check(await client().post(`/v2/small/app/blobs/uploads/?${from}`), { status: 403, code: 'DENIED' })
    check(await client().delete(`/v2/small/app/manifests/${one.digest}`), { status: 202 })
    await expect
      .poll(async () => at((await api('GET', '/projects/small/usage')).json, 'used'), PATIENCE)
      .toBe(0)
    await pushImage(client(), 'small/app', one, 'v1')
  })
})

describe('a blob that is more than the quota leaves room for', () => {
  // An nginx in front answers Expect itself.
  test.skipIf(ON_CLUSTER)('is refused to who asks before sending it', async () => {
    await pushImage(client(), 'narrow/app', image('gc/narrow'), 'v1')
    check(await api('PUT', '/projects/narrow/quota', { quota: 2_000_000 }), { status: 200 })
    const begun = await client().post('/v2/narrow/app/blobs/uploads/')
    const large = blob('gc/large', 3_000_000)
    const asked = await askRaw(
      lamina.now.url,
      `PUT ${begun.header('location')}?digest=${large.digest} HTTP/1.1`,
      'Expect: 100-continue',
      `Content-Length: ${large.bytes.length}`,
    )
    expect(asked.status).toBe(403)
  })
})

describe('a repository and a project', () => {
  test('go as a whole, and give their space back', async () => {
    const [one, two] = [image('gc/repo'), image('gc/project')]
    await pushImage(client(), 'whole/one', one, 'v1')
    await pushImage(client(), 'whole/two', two, 'v1')
    check(await api('DELETE', '/projects/whole/repositories?repository=whole/one'), { status: 202 })
    check(await client().get('/v2/whole/one/manifests/v1'), { status: 404, code: 'NAME_UNKNOWN' })
    check(await api('DELETE', '/projects/whole'), { status: 409, code: 'CONFLICT' })
    check(await api('DELETE', '/projects/whole?repositories=delete'), { status: 204 })
    check(await api('GET', '/projects/whole'), { status: 404 })
    await expect.poll(async () => (await storedOf(one)) + (await storedOf(two)), PATIENCE).toBe(0)
  })
})
