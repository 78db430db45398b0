import { describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { artifact, blob, image } from './support/images.ts'
import { listAt } from './support/json.ts'
import {
  beginUpload,
  closing,
  locationOf,
  openUpload,
  pushBlob,
  pushImage,
  putManifest,
} from './support/push.ts'
import { head, RawConnection } from './support/raw.ts'
import { useOpenRegistry } from './support/server.ts'

/** P§5 "Concurrency": clients that get in each other's way. */
const lamina = useOpenRegistry()
const client = () => lamina.now.client
const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))

describe('at the same time', () => {
  // "same blob pushed twice at once in one repo, both 201"
  test('the same blob is pushed eight times into one repository and four into others: all 201', async () => {
    const made = blob('concurrency/same', 200_000)
    await Promise.all(
      [...times(8, () => 'same/app'), ...times(4, (at) => `same/other-${at}`)].map(async (name) =>
        pushBlob(client(), name, made),
      ),
    )
    for (const name of ['same/app', 'same/other-0', 'same/other-3'])
      check(await client().get(`/v2/${name}/blobs/${made.digest}`), { status: 200, body: made.bytes })
  })

  test('the same blob is pushed, mounted and deleted: each answer is one of its own, and the end is whole', async () => {
    const made = blob('concurrency/churn', 5000)
    const at = '/v2/churn/app/blobs'
    await Promise.all(
      times(24, async (turn) => {
        if (turn % 3 === 0)
          check(await client().post(`${at}/uploads/?digest=${made.digest}`, made.bytes), { status: 201 })
        else if (turn % 3 === 1)
          check(await client().post(`${at}/uploads/?mount=${made.digest}`), { status: [201, 202] })
        else check(await client().delete(`${at}/${made.digest}`), { status: [202, 404] })
      }),
    )
    await pushBlob(client(), 'churn/app', made)
    check(await client().get(`${at}/${made.digest}`), { status: 200, body: made.bytes })
  })

  // "same tag PUT races: last wins, atomically"
  test('a tag is put by twelve clients: all 201, and the tag is one of theirs, whole', async () => {
    const made = times(12, (at) => image(`concurrency/tag/${at}`))
    for (const each of made) for (const part of each.blobs) await pushBlob(client(), 'race/app', part)
    const replies = await Promise.all(
      made.map(async (each) => putManifest(client(), 'race/app', 'latest', each)),
    )
    for (const reply of replies) check(reply, { status: 201 })
    const latest = await client().get('/v2/race/app/manifests/latest')
    const winner = made.find((each) => each.digest === latest.header('docker-content-digest'))
    expect(winner).toBeDefined()
    check(latest, { status: 200, body: winner?.bytes ?? '' })
    for (const each of made)
      check(await client().get(`/v2/race/app/manifests/${each.digest}`), { status: 200, body: each.bytes })
    check(await client().get('/v2/race/app/tags/list'), {
      status: 200,
      json: { name: 'race/app', tags: ['latest'] },
    })
  })

  test('a tag is put again and again by twenty-four clients: all 201', async () => {
    const made = (at: string) => image('concurrency/busy', { annotations: { at } })
    await pushImage(client(), 'busy/app', made('first'), 'latest')
    await Promise.all(
      times(24, async (which) => {
        for (let turn = 0; turn < 8; turn++) {
          const reply = await putManifest(client(), 'busy/app', 'latest', made(`${which} ${turn}`))
          check(reply, { status: 201 })
        }
      }),
    )
  })

  test('a tag is read while it moves: never absent, never mixed', async () => {
    const [one, two] = [
      image('concurrency/one'),
      image('concurrency/two', { annotations: { longer: 'x'.repeat(3000) } }),
    ]
    await pushImage(client(), 'move/app', one, 'v1')
    await pushImage(client(), 'move/app', two)
    const digests = new Map([
      [one.digest, one],
      [two.digest, two],
    ])
    await Promise.all([
      ...times(20, async (at) =>
        check(await putManifest(client(), 'move/app', 'v1', at % 2 === 0 ? one : two), { status: 201 }),
      ),
      ...times(40, async () => {
        const reply = await client().get('/v2/move/app/manifests/v1')
        const expected = digests.get(reply.header('docker-content-digest') ?? '')
        check(reply, { status: 200, body: expected?.bytes ?? 'no such manifest' })
      }),
    ])
  })

  // Parallel cosign: fallback tags lose entries in other registries; here each referrer is its own record.
  test('twenty referrers of one subject are all listed', async () => {
    const subject = image('concurrency/subject')
    await pushImage(client(), 'refer/app', subject, 'v1')
    const made = times(20, (at) => artifact(`type/${at}`, subject))
    for (const part of made[0]?.blobs ?? []) await pushBlob(client(), 'refer/app', part)
    await Promise.all(
      made.map(async (each) =>
        check(await putManifest(client(), 'refer/app', each.digest, each), { status: 201 }),
      ),
    )
    const list = (await client().get(`/v2/refer/app/referrers/${subject.digest}`)).json
    expect(listAt(list, 'manifests').length).toBe(20)
  })

  test('forty new repositories in new projects are all there', async () => {
    const made = image('concurrency/fresh')
    await Promise.all(times(40, async (at) => pushImage(client(), `fresh-${at % 8}/app-${at}`, made, 'v1')))
    const names = listAt((await client().get('/v2/_catalog')).json, 'repositories')
    for (const at of times(40, (each) => each)) expect(names).toContain(`fresh-${at % 8}/app-${at}`)
  })
})

describe('one session, two writers', () => {
  // DESIGN §3.2: "one writer at a time […]; a second writer gets 416."
  test('a second PATCH while the first is still sending gets 416 and harms nothing', async () => {
    const made = blob('concurrency/writers', 3000)
    const location = await beginUpload(client(), 'writers/app', made.bytes.subarray(0, 1000))
    const first = await RawConnection.open(lamina.now.url)
    first.write(
      head(
        `PATCH ${location} HTTP/1.1`,
        'Host: x',
        'Content-Length: 1000',
        'Content-Range: 1000-1999',
        'Expect: 100-continue',
      ),
    )
    // It has the session: a body is asked for behind that. A proxy between may ask for it sooner.
    check(await first.reply(), { status: 100 })
    first.write(made.bytes.subarray(1000, 1500))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const second = await Promise.all([
      client().patch(location, made.bytes.subarray(1000, 2000), { 'content-range': '1000-1999' }),
      client().patch(location, made.bytes.subarray(1000, 2000)),
      client().put(closing(location, made.digest), made.bytes.subarray(1000)),
    ])
    for (const reply of second) check(reply, { status: 416, headers: { range: '0-999' } })
    first.write(made.bytes.subarray(1500, 2000))
    const reply = await first.reply()
    first.destroy()
    check(reply, { status: 202, headers: { range: '0-1999' } })
    check(await client().put(closing(locationOf(reply), made.digest), made.bytes.subarray(2000)), {
      status: 201,
    })
    check(await client().get(`/v2/writers/app/blobs/${made.digest}`), { status: 200, body: made.bytes })
  })

  test('eight PATCHes of the same range at once: one 202, the others 416, and the bytes are the ones of the first', async () => {
    const made = times(8, (at) => blob(`concurrency/patches/${at}`, 50_000))
    const location = await openUpload(client(), 'writers/app')
    const replies = await Promise.all(
      made.map(async (each) => client().patch(location, each.bytes, { 'content-range': '0-49999' })),
    )
    for (const reply of replies) check(reply, { status: [202, 416], headers: { range: '0-49999' } })
    const winners = made.filter((_, at) => replies[at]?.status === 202)
    expect(winners.length).toBe(1)
    const digest = winners[0]?.digest ?? ''
    check(await client().put(closing(location, digest)), { status: 201 })
    check(await client().get(`/v2/writers/app/blobs/${digest}`), {
      status: 200,
      body: winners[0]?.bytes ?? '',
    })
  })

  test('eight whole PUTs at once: at least one 201, no other answer than 201 and 416, and the blob is whole', async () => {
    const made = blob('concurrency/puts', 100_000)
    const location = await openUpload(client(), 'writers/app')
    const replies = await Promise.all(
      times(8, async () =>
        client().put(closing(location, made.digest), made.bytes, { 'content-range': '0-99999' }),
      ),
    )
    expect(replies.filter((reply) => reply.status === 201).length).toBeGreaterThan(0)
    for (const reply of replies) check(reply, { status: [201, 416] })
    check(await client().get(`/v2/writers/app/blobs/${made.digest}`), { status: 200, body: made.bytes })
  })

  test('a cancel during a PATCH ends the session one way or the other, and nothing becomes visible', async () => {
    const made = blob('concurrency/cancel', 2000)
    const location = await openUpload(client(), 'writers/app')
    const first = await RawConnection.open(lamina.now.url)
    first.write(head(`PATCH ${location} HTTP/1.1`, 'Host: x', 'Content-Length: 2000'))
    first.write(made.bytes.subarray(0, 1000))
    await new Promise((resolve) => setTimeout(resolve, 50))
    check(await client().delete(location), { status: [204, 416] })
    first.write(made.bytes.subarray(1000))
    expect([202, 404]).toContain((await first.reply()).status)
    first.destroy()
    check(await client().head(`/v2/writers/app/blobs/${made.digest}`), { status: 404 })
  })
})
