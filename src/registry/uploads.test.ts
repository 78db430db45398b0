import { beforeEach, describe, expect, it } from 'vitest'
import { blobLocation } from '../../storage/blobs/blob-store.ts'
import { keys } from '../records/keys.ts'
import { uploadCodec } from '../records/upload.ts'
import { chunk, cutChunk, digestOf, name } from './content-fixture.ts'
import {
  ALICE,
  codeOf,
  HOUR,
  openTestRegistry,
  pull,
  pushBlob,
  type TestRegistry,
} from './registry-fixture.ts'
import { blobRecord, damage, idOf, keysUnder, locations, remove, setBlobRecord } from './stored-fixture.ts'
import type { SessionName } from './upload-session.ts'
import { Uploads } from './uploads.ts'

let registry: TestRegistry
const team = name('team/app')

beforeEach(async () => {
  registry = await openTestRegistry()
})

async function start(repository = team, account = ALICE): Promise<SessionName> {
  return { id: await registry.uploads.start(repository, account), name: repository, account }
}

/** The code that an action ends with. */
async function code(action: Promise<unknown>): Promise<unknown> {
  return action.then(
    () => 'no failure',
    (error: unknown) => codeOf(error),
  )
}

/** Does something before the nth commit from now on. */
function atCommit(nth: number, act: () => Promise<void>): void {
  registry.hooks.beforeCommit = async () => {
    if (nth === 1) await act()
    else atCommit(nth - 1, act)
  }
}

describe('a session', () => {
  it('takes chunks and becomes a blob', async () => {
    const session = await start()
    expect(await registry.uploads.status(session)).toBe(0)
    expect(await registry.uploads.append(session, chunk('hello '))).toBe(6)
    expect(
      await registry.uploads.append(session, chunk('big ', { range: { start: 6, end: 9 }, length: 4 })),
    ).toBe(10)
    expect(await registry.uploads.status(session)).toBe(10)
    expect(await pull(registry, team, digestOf('hello big world'))).toBeUndefined()
    await registry.uploads.finish(session, digestOf('hello big world'), chunk('world'))
    expect(String(await pull(registry, team, digestOf('hello big world')))).toBe('hello big world')
  })

  it('may be empty, and end without a body', async () => {
    await registry.uploads.finish(await start(), digestOf(''), chunk(''))
    expect(await pull(registry, team, digestOf(''))).toEqual(Buffer.alloc(0))
    const session = await start()
    await registry.uploads.append(session, chunk('abc'))
    await registry.uploads.finish(session, digestOf('abc'), chunk(''))
    expect(String(await pull(registry, team, digestOf('abc')))).toBe('abc')
  })

  it('is over when it is finished: no status, no chunks, no cancelling', async () => {
    const session = await start()
    await registry.uploads.finish(session, digestOf('x'), chunk('x'))
    expect(await code(registry.uploads.status(session))).toBe('BLOB_UPLOAD_UNKNOWN')
    expect(await code(registry.uploads.append(session, chunk('y')))).toBe('BLOB_UPLOAD_UNKNOWN')
    expect(await code(registry.uploads.cancel(session))).toBe('BLOB_UPLOAD_UNKNOWN')
    expect(String(await pull(registry, team, digestOf('x')))).toBe('x')
  })

  it('answers a repeated finish with success for an hour, and only the same one', async () => {
    const session = await start()
    await registry.uploads.finish(session, digestOf('x'), chunk('x'))
    await registry.uploads.finish(session, digestOf('x'), chunk('x'))
    registry.restart()
    registry.clock.now += HOUR
    await registry.uploads.finish(session, digestOf('x'), chunk(''))
    expect(await code(registry.uploads.finish(session, digestOf('y'), chunk('y')))).toBe(
      'BLOB_UPLOAD_UNKNOWN',
    )
    expect(await code(registry.uploads.finish(session, digestOf('x', 'sha512'), chunk('x')))).toBe(
      'BLOB_UPLOAD_UNKNOWN',
    )
    registry.clock.now += 1
    expect(await code(registry.uploads.finish(session, digestOf('x'), chunk('')))).toBe('BLOB_UPLOAD_UNKNOWN')
  })

  it('answers a repeated finish no longer than an open session lives', async () => {
    registry = await openTestRegistry({ uploadExpiry: 1000 })
    const session = await start()
    await registry.uploads.finish(session, digestOf('x'), chunk('x'))
    registry.clock.now += 1000
    await registry.uploads.finish(session, digestOf('x'), chunk(''))
    registry.clock.now += 1
    expect(await code(registry.uploads.finish(session, digestOf('x'), chunk('')))).toBe('BLOB_UPLOAD_UNKNOWN')
  })

  it('is gone with its bytes when it is cancelled', async () => {
    const session = await start()
    await registry.uploads.append(session, chunk('abc'))
    await registry.uploads.cancel(session)
    for (const action of [
      () => registry.uploads.status(session),
      () => registry.uploads.append(session, chunk('d')),
      () => registry.uploads.finish(session, digestOf('abc'), chunk('')),
      () => registry.uploads.cancel(session),
    ])
      expect(await code(action())).toBe('BLOB_UPLOAD_UNKNOWN')
    expect(registry.contents.uploads.size).toBe(0)
    expect(await keysUnder(registry, keys.uploads())).toEqual([])
    expect(await keysUnder(registry, keys.uploadsOf(ALICE))).toEqual([])
  })

  it('belongs to one account and one repository', async () => {
    const session = await start()
    await registry.uploads.append(session, chunk('abc'))
    await start(name('team/other'))
    const foreign = [
      { ...session, account: 'user:bob' },
      { ...session, account: '' },
      { ...session, name: name('team/other') },
      { ...session, name: name('team/none') },
    ]
    for (const other of foreign) {
      expect(await code(registry.uploads.status(other))).toBe('BLOB_UPLOAD_UNKNOWN')
      expect(await code(registry.uploads.append(other, chunk('x')))).toBe('BLOB_UPLOAD_UNKNOWN')
      expect(await code(registry.uploads.finish(other, digestOf('abc'), chunk('')))).toBe(
        'BLOB_UPLOAD_UNKNOWN',
      )
      expect(await code(registry.uploads.cancel(other))).toBe('BLOB_UPLOAD_UNKNOWN')
    }
    expect(await registry.uploads.status(session)).toBe(3)
    await registry.uploads.finish(session, digestOf('abc'), chunk(''))
    for (const other of foreign)
      expect(await code(registry.uploads.finish(other, digestOf('abc'), chunk('')))).toBe(
        'BLOB_UPLOAD_UNKNOWN',
      )
  })

  it.each(['', 'x', '\0', '../../x', 'a\0b', '00000000-0000-4000-8000-000000000000', 'x'.repeat(10_000)])(
    'is unknown under the id %j',
    async (id) => {
      const session = { id, name: team, account: ALICE }
      expect(await code(registry.uploads.status(session))).toBe('BLOB_UPLOAD_UNKNOWN')
      expect(await code(registry.uploads.append(session, chunk('x')))).toBe('BLOB_UPLOAD_UNKNOWN')
      expect(await code(registry.uploads.finish(session, digestOf('x'), chunk('x')))).toBe(
        'BLOB_UPLOAD_UNKNOWN',
      )
      expect(await code(registry.uploads.cancel(session))).toBe('BLOB_UPLOAD_UNKNOWN')
    },
  )

  it('lives on with each chunk, and ends when nobody comes', async () => {
    const session = await start()
    registry.clock.now += 24 * HOUR
    await registry.uploads.append(session, chunk('abc'))
    registry.clock.now += 24 * HOUR
    expect(await registry.uploads.status(session)).toBe(3)
    registry.clock.now += 1
    expect(await code(registry.uploads.status(session))).toBe('BLOB_UPLOAD_UNKNOWN')
    expect(await code(registry.uploads.append(session, chunk('d')))).toBe('BLOB_UPLOAD_UNKNOWN')
    expect(await code(registry.uploads.finish(session, digestOf('abc'), chunk('')))).toBe(
      'BLOB_UPLOAD_UNKNOWN',
    )
  })
})

describe('a request that lasts longer than an idle session', () => {
  it.each([false, true])('keeps its session (other replicas: %s)', async (hasReplicas) => {
    registry = await openTestRegistry({ hasReplicas })
    const session = await start()
    const [key, lives] = [keys.upload(session.id), new Array<boolean>()]
    const bytes = (async function* () {
      for (const piece of ['ab', 'cd', 'ef']) {
        yield Buffer.from(piece)
        registry.clock.now += 20 * HOUR
        const [stored] = await registry.metadata.read([key])
        lives.push(stored !== undefined && uploadCodec.decode(stored.value).expires >= registry.clock.now)
      }
    })()
    expect(await registry.uploads.append(session, { bytes, range: undefined, length: undefined })).toBe(6)
    expect(lives).toEqual([true, true, true])
  })
})

describe('chunks', () => {
  it.each([
    ['too far', { start: 4, end: 5 }],
    ['again', { start: 0, end: 2 }],
    ['overlapping', { start: 2, end: 4 }],
  ])('out of order (%s) are refused, with what the client needs to go on', async (_, range) => {
    const session = await start()
    await registry.uploads.append(session, chunk('abc'))
    const refusal = {
      code: 'RANGE_INVALID',
      status: 416,
      headers: {
        range: '0-2',
        location: `/v2/team/app/blobs/uploads/${session.id}`,
        'docker-upload-uuid': session.id,
      },
    }
    const length = range.end - range.start + 1
    const body = () => chunk('x'.repeat(length), { range, length })
    await expect(registry.uploads.append(session, body())).rejects.toMatchObject(refusal)
    await expect(registry.uploads.finish(session, digestOf('abcx'), body())).rejects.toMatchObject(refusal)
    expect(await registry.uploads.status(session)).toBe(3)
    await registry.uploads.finish(session, digestOf('abcd'), chunk('d', { range: { start: 3, end: 3 } }))
    expect(String(await pull(registry, team, digestOf('abcd')))).toBe('abcd')
  })

  it('of an empty session are told to start at 0', async () => {
    const session = await start()
    await expect(
      registry.uploads.append(session, chunk('x', { range: { start: 1, end: 1 } })),
    ).rejects.toMatchObject({
      headers: { range: '0--1' },
    })
  })

  it.each([
    ['more bytes than announced', 'abcdef', { start: 3, end: 5 }, undefined],
    ['fewer bytes than announced', 'ab', { start: 3, end: 5 }, undefined],
    ['no bytes', '', { start: 3, end: 5 }, undefined],
    ['headers that contradict each other', 'abc', { start: 3, end: 5 }, 4],
  ])('with %s count for nothing', async (_, content, range, length) => {
    const session = await start()
    await registry.uploads.append(session, chunk('xyz'))
    const body = () => chunk(content, { range, length, size: 2 })
    expect(await code(registry.uploads.append(session, body()))).toBe('SIZE_INVALID')
    expect(await registry.uploads.status(session)).toBe(3)
    expect(await code(registry.uploads.finish(session, digestOf(`xyz${content}`), body()))).toBe(
      'SIZE_INVALID',
    )
    expect(await registry.uploads.append(session, chunk('123', { range: { start: 3, end: 5 } }))).toBe(6)
    await registry.uploads.finish(session, digestOf('xyz123'), chunk(''))
    expect(String(await pull(registry, team, digestOf('xyz123')))).toBe('xyz123')
  })

  it('that are cut off count as far as they came', async () => {
    const session = await start()
    expect(await code(registry.uploads.append(session, cutChunk('abc')))).toBe('BLOB_UPLOAD_INVALID')
    expect(await registry.uploads.status(session)).toBe(3)
    expect(await code(registry.uploads.finish(session, digestOf('abcdef'), cutChunk('def')))).toBe(
      'BLOB_UPLOAD_INVALID',
    )
    expect(await registry.uploads.status(session)).toBe(6)
    expect(await pull(registry, team, digestOf('abcdef'))).toBeUndefined()
    expect(await code(registry.uploads.append(session, cutChunk('')))).toBe('BLOB_UPLOAD_INVALID')
    expect(await registry.uploads.status(session)).toBe(6)
    await registry.uploads.finish(session, digestOf('abcdef'), chunk(''))
    expect(String(await pull(registry, team, digestOf('abcdef')))).toBe('abcdef')
  })

  it('shorter than announced, because the client hung up, count too', async () => {
    const session = await start()
    const cut = { ...cutChunk('abc'), range: { start: 0, end: 9 } }
    expect(await code(registry.uploads.append(session, cut))).toBe('BLOB_UPLOAD_INVALID')
    expect(await registry.uploads.status(session)).toBe(3)
  })

  it('are refused on a full disk, and what came before stays', async () => {
    const session = await start()
    await registry.uploads.append(session, chunk('abc'))
    registry.disk.free = 999
    expect(await code(registry.uploads.append(session, chunk('d')))).toBe('STORAGE_FULL')
    expect(await code(registry.uploads.start(team, ALICE))).toBe('STORAGE_FULL')
    expect(await registry.uploads.status(session)).toBe(3)
    registry.disk.free = 1000
    expect(await registry.uploads.append(session, chunk('d'))).toBe(4)
  })
})

describe('the digest', () => {
  it.each(['sha256', 'sha512'] as const)(
    '(%s) must be that of the bytes, else nothing has changed',
    async (algorithm) => {
      const session = await start()
      await registry.uploads.append(session, chunk('abc'))
      const wrong = digestOf('other', algorithm)
      const refused = registry.uploads.finish(session, wrong, chunk('def'))
      await expect(refused).rejects.toMatchObject({
        code: 'DIGEST_INVALID',
        detail: { digest: wrong, received: digestOf('abcdef', algorithm) },
      })
      expect(await locations(registry)).toEqual([])
      for (const digest of [wrong, digestOf('abcdef'), digestOf('abc')])
        expect(await pull(registry, team, digest)).toBeUndefined()
      // The session is as it was before.
      expect(await registry.uploads.status(session)).toBe(3)
      await registry.uploads.finish(session, digestOf('abcxyz', algorithm), chunk('xyz'))
      expect(String(await pull(registry, team, digestOf('abcxyz', algorithm)))).toBe('abcxyz')
    },
  )

  it('cannot be claimed for content that is here already', async () => {
    await pushBlob(registry, 'secret/app', 'secret')
    const session = await start()
    expect(await code(registry.uploads.finish(session, digestOf('secret'), chunk('')))).toBe('DIGEST_INVALID')
    expect(await pull(registry, team, digestOf('secret'))).toBeUndefined()
  })

  it('may be sha512, announced or not, and after a restart', async () => {
    const digest = digestOf('abcdef', 'sha512')
    const announced = { ...(await start()), id: await registry.uploads.start(team, ALICE, 'sha512') }
    await registry.uploads.append(announced, chunk('abc'))
    registry.restart()
    await registry.uploads.finish(announced, digest, chunk('def'))
    expect(String(await pull(registry, team, digest))).toBe('abcdef')
    await pushBlob(registry, 'other/app', 'abcdef', 'sha512')
    expect(String(await pull(registry, 'other/app', digest))).toBe('abcdef')
    // Readable under the digest as pushed, not under another one.
    expect(await pull(registry, 'other/app', digestOf('abcdef'))).toBeUndefined()
    expect(await locations(registry)).toHaveLength(1)
  })
})

describe('after a restart', () => {
  it('a session goes on where it was', async () => {
    const session = await start()
    await registry.uploads.append(session, chunk('abc'))
    registry.restart()
    expect(await registry.uploads.append(session, chunk('def'))).toBe(6)
    registry.restart()
    await registry.uploads.finish(session, digestOf('abcdefghi'), chunk('ghi'))
    expect(String(await pull(registry, team, digestOf('abcdefghi')))).toBe('abcdefghi')
  })

  it.each([
    ['are gone', undefined],
    ['are fewer', 'ab'],
    ['are others', 'abX'],
  ])('a session whose bytes %s starts again at 0, and never becomes a wrong blob', async (_, left) => {
    const session = await start()
    await registry.uploads.append(session, chunk('abc'))
    registry.restart()
    registry.contents.uploads.set(session.id, Buffer.from(left ?? ''))
    await expect(
      registry.uploads.append(session, chunk('def', { range: { start: 3, end: 5 } })),
    ).rejects.toMatchObject({
      code: 'RANGE_INVALID',
      headers: { range: '0--1' },
    })
    expect(await registry.uploads.status(session)).toBe(0)
    expect(await registry.uploads.append(session, chunk('abc', { range: { start: 0, end: 2 } }))).toBe(3)
    await registry.uploads.finish(session, digestOf('abcdef'), chunk('def'))
    expect(String(await pull(registry, team, digestOf('abcdef')))).toBe('abcdef')
  })
})

describe('two writers', () => {
  it('the second is told to wait; the first is not disturbed', async () => {
    const session = await start()
    const gate = Promise.withResolvers<undefined>()
    const slow = registry.uploads.append(session, {
      bytes: (async function* () {
        yield Buffer.from('abc')
        await gate.promise
        yield Buffer.from('def')
      })(),
      range: undefined,
      length: undefined,
    })
    expect(await code(registry.uploads.append(session, chunk('xyz')))).toBe('RANGE_INVALID')
    gate.resolve(undefined)
    expect(await slow).toBe(6)
    await registry.uploads.finish(session, digestOf('abcdef'), chunk(''))
    expect(String(await pull(registry, team, digestOf('abcdef')))).toBe('abcdef')
  })

  it('a second that looked at the session before the first wrote takes nothing away', async () => {
    const session = await start()
    const held = Promise.withResolvers<undefined>()
    const seen = Promise.withResolvers<undefined>()
    registry.hooks.afterRead = async () => {
      registry.hooks.afterRead = undefined
      seen.resolve(undefined)
      await held.promise
    }
    // Its reading of the session takes longer than all that the other does.
    const stale = registry.uploads.append(session, chunk('xx')).catch(codeOf)
    await seen.promise
    const other = registry.uploads.append(session, chunk('abc'))
    await Promise.race([other, new Promise((done) => setImmediate(done))])
    held.resolve(undefined)
    const results = [await stale, await other]
    const total = results.reduce<number>(
      (sum, offset) => Math.max(sum, typeof offset === 'number' ? offset : 0),
      0,
    )
    expect(await registry.uploads.status(session)).toBe(total)
    const content = total === 5 ? 'xxabc' : 'abc'
    await registry.uploads.finish(session, digestOf(content), chunk('', { range: undefined }))
    expect(String(await pull(registry, team, digestOf(content)))).toBe(content)
  })

  it('a session that is cancelled while its last bytes come does not become a blob', async () => {
    const session = await start()
    registry.hooks.beforeCommit = () => registry.uploads.cancel(session)
    expect(await code(registry.uploads.finish(session, digestOf('abc'), chunk('abc')))).toBe(
      'BLOB_UPLOAD_UNKNOWN',
    )
    expect(await pull(registry, team, digestOf('abc'))).toBeUndefined()
  })
})

describe('two writers on two replicas', () => {
  const other = (): Uploads => new Uploads(registry.parts)

  it('the one who is overtaken is told how far the session is', async () => {
    const session = await start()
    registry.hooks.beforeCommit = async () => void (await other().append(session, chunk('abcd')))
    await expect(registry.uploads.append(session, chunk('xy'))).rejects.toMatchObject({
      code: 'RANGE_INVALID',
      headers: { range: '0-3', location: `/v2/team/app/blobs/uploads/${session.id}` },
    })
    expect(await registry.uploads.status(session)).toBe(4)
    await other().finish(session, digestOf('abcd'), chunk(''))
    expect(String(await pull(registry, team, digestOf('abcd')))).toBe('abcd')
  })

  describe('while the first goes on', () => {
    /** Writes for a second on one replica, and then does what `after` says. */
    async function writeSlowly(
      session: SessionName,
      after: Promise<unknown>,
      { rest = 'cd', by = registry.uploads } = {},
    ) {
      const begun = Promise.withResolvers<undefined>()
      const bytes = (async function* () {
        yield Buffer.from('a')
        registry.clock.now += 1000
        yield Buffer.from('b')
        begun.resolve(undefined)
        await after
        yield Buffer.from(rest)
      })()
      const written = code(by.append(session, chunk('', { bytes, range: { start: 0, end: 3 } })))
      await begun.promise
      return { written }
    }

    beforeEach(async () => {
      registry = await openTestRegistry({ hasReplicas: true })
    })

    it('the second is refused, and can go on where it ends', async () => {
      const session = await start()
      const end = Promise.withResolvers<undefined>()
      const { written } = await writeSlowly(session, end.promise)
      const refused = { code: 'RANGE_INVALID', headers: { range: '0--1' } }
      await Promise.all([
        expect(other().append(session, chunk('xy'))).rejects.toMatchObject(refused),
        expect(other().finish(session, digestOf('xy'), chunk('xy'))).rejects.toMatchObject(refused),
      ])
      end.resolve(undefined)
      expect(await written).toBe('no failure')
      expect(await other().append(session, chunk('ef'))).toBe(6)
    })

    it('one that died, or hears nothing of its client, keeps the second away for seconds only', async () => {
      const session = await start()
      const end = Promise.withResolvers<undefined>()
      const { written } = await writeSlowly(session, end.promise)
      registry.clock.now += 10_000
      expect(await other().append(session, chunk('xyz'))).toBe(3)
      end.resolve(undefined)
      expect(await written).toBe('RANGE_INVALID')
      expect(await registry.uploads.status(session)).toBe(3)
    })

    it('one that was taken for dead, and fails then, lets nobody in beside the second', async () => {
      const session = await start()
      const [firstEnd, secondEnd] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
      const first = await writeSlowly(session, firstEnd.promise)
      registry.clock.now += 10_000
      const second = await writeSlowly(session, secondEnd.promise, { by: other() })
      firstEnd.resolve(undefined)
      expect(await first.written).toBe('RANGE_INVALID')
      expect(await code(other().append(session, chunk('xyz')))).toBe('RANGE_INVALID')
      secondEnd.resolve(undefined)
      expect(await second.written).toBe('no failure')
    })

    it('one that died before the clock was set back keeps nobody away', async () => {
      const session = await start()
      const end = Promise.withResolvers<undefined>()
      const { written } = await writeSlowly(session, end.promise)
      registry.clock.now -= 3_600_000
      expect(await other().append(session, chunk('xyz'))).toBe(3)
      end.resolve(undefined)
      expect(await written).toBe('RANGE_INVALID')
    })

    it('and is about to make it a blob, the second does not stop it', async () => {
      const session = await start()
      const slowly = (async function* () {
        yield Buffer.from('the')
        registry.clock.now += 1000
        yield Buffer.from('re')
      })()
      let there: unknown
      const { blobs } = registry.parts
      const complete = blobs.complete.bind(blobs)
      // What it is to become is written down by then.
      blobs.complete = async (...given) => {
        blobs.complete = complete
        there = await code(other().finish(session, digestOf('there'), chunk('', { bytes: slowly })))
        return complete(...given)
      }
      const here = await code(registry.uploads.finish(session, digestOf('here'), chunk('here')))
      expect([here, there]).toEqual(['no failure', 'BLOB_UPLOAD_UNKNOWN'])
      expect(String(await pull(registry, team, digestOf('here')))).toBe('here')
    })

    it('one that fails makes way at once', async () => {
      const session = await start()
      const { written } = await writeSlowly(session, Promise.resolve(), { rest: 'too much' })
      expect(await written).toBe('SIZE_INVALID')
      expect(await other().append(session, chunk('xyz'))).toBe(3)
    })
  })

  it.each([1, 2])('of two that close it with other bytes, one does: who comes at commit %i', async (nth) => {
    const session = await start()
    let there: unknown
    atCommit(nth, async () => {
      there = await code(other().finish(session, digestOf('there'), chunk('there')))
    })
    const here = await code(registry.uploads.finish(session, digestOf('here'), chunk('here')))
    const [winner, loser] = nth === 1 ? ['there', 'here'] : ['here', 'there']
    expect([here, there].filter((result) => result === 'no failure')).toHaveLength(1)
    expect(String(await pull(registry, team, digestOf(winner)))).toBe(winner)
    expect(await pull(registry, team, digestOf(loser))).toBeUndefined()
  })
})

describe('one upload that is closed at two replicas with the same bytes', () => {
  it('is a success for both', async () => {
    const session = await start()
    atCommit(1, () => new Uploads(registry.parts).finish(session, digestOf('same'), chunk('same')))
    await registry.uploads.finish(session, digestOf('same'), chunk('same'))
    expect(String(await pull(registry, team, digestOf('same')))).toBe('same')
  })
})

describe('content that is here already', () => {
  it('is stored once, and readable in both places', async () => {
    const digest = await pushBlob(registry, team, 'same')
    const [first] = await locations(registry)
    await pushBlob(registry, 'other/app', 'same')
    await pushBlob(registry, team, 'same')
    expect(await locations(registry)).toEqual([first])
    expect((await blobRecord(registry, digest))?.location).toBe(first)
    expect(registry.contents.uploads.size).toBe(0)
    expect(String(await pull(registry, 'other/app', digest))).toBe('same')
  })

  it('is stored once also when two finish at the same time; the other copy goes to the trash', async () => {
    const session = await start()
    // At the second: the first one says what the upload becomes.
    atCommit(2, () => pushBlob(registry, 'other/app', 'same').then(() => undefined))
    await registry.uploads.finish(session, digestOf('same'), chunk('same'))
    const kept = (await blobRecord(registry, digestOf('same')))?.location ?? ''
    const spare = (await locations(registry)).filter((location) => location !== kept)
    expect(spare).toHaveLength(1)
    expect(await trashed()).toEqual(spare)
    for (const repository of [team, 'other/app'])
      expect(String(await pull(registry, repository, digestOf('same')))).toBe('same')
  })

  it.each([
    [
      'is quarantined',
      async () => {
        const record = await blobRecord(registry, digestOf('same'))
        if (record !== undefined)
          await setBlobRecord(registry, digestOf('same'), { ...record, quarantined: 1 })
      },
    ],
    [
      'lacks its bytes',
      async () => {
        for (const location of await locations(registry)) damage(registry, location, undefined)
      },
    ],
    [
      'is cut short',
      async () => {
        for (const location of await locations(registry)) damage(registry, location, Buffer.from('sam'))
      },
    ],
    [
      'has a record of another size',
      async () => {
        const record = await blobRecord(registry, digestOf('same'))
        if (record !== undefined) await setBlobRecord(registry, digestOf('same'), { ...record, size: 3 })
      },
    ],
  ])('and %s is healed for everyone by a push', async (_, harm) => {
    const digest = await pushBlob(registry, team, 'same')
    const old = (await blobRecord(registry, digest))?.location
    await harm()
    await pushBlob(registry, 'other/app', 'same')
    const healed = await blobRecord(registry, digest)
    expect(healed).toMatchObject({ size: 4, created: registry.clock.now })
    expect(healed?.quarantined).toBeUndefined()
    expect(healed?.location).not.toBe(old)
    expect(await trashed()).toEqual([old])
    for (const repository of [team, 'other/app'])
      expect(String(await pull(registry, repository, digest))).toBe('same')
  })

  it('and was found damaged just before the commit is replaced', async () => {
    const digest = await pushBlob(registry, team, 'same')
    const record = await blobRecord(registry, digest)
    if (record === undefined) throw new Error('no record')
    const session = await start(name('other/app'))
    registry.hooks.beforeCommit = () => setBlobRecord(registry, digest, { ...record, quarantined: 1 })
    await registry.uploads.finish(session, digest, chunk('same'))
    expect((await blobRecord(registry, digest))?.quarantined).toBeUndefined()
    expect(String(await pull(registry, 'other/app', digest))).toBe('same')
  })

  it('and was collected just before the commit is written again', async () => {
    const digest = await pushBlob(registry, team, 'same')
    const session = await start(name('other/app'))
    registry.hooks.beforeCommit = async () => {
      await remove(registry, keys.blob(digest))
      for (const location of await locations(registry)) await registry.blobs.remove(blobLocation(location))
    }
    await registry.uploads.finish(session, digest, chunk('same'))
    expect(String(await pull(registry, 'other/app', digest))).toBe('same')
  })
})

describe('what is written when a blob becomes readable', () => {
  it('holder, one charge for the project, and a review due after the grace', async () => {
    const digest = await pushBlob(registry, team, 'same')
    await pushBlob(registry, 'team/two', 'same')
    await pushBlob(registry, 'other/app', 'same')
    expect(await keysUnder(registry, keys.holdersInProject(digest, 'team'))).toHaveLength(2)
    expect(await keysUnder(registry, keys.charge('team', digest))).toHaveLength(1)
    expect(await keysUnder(registry, keys.charge('other', digest))).toHaveLength(1)
    const due = registry.clock.now + 24 * HOUR + 1
    expect(
      await keysUnder(registry, keys.review(due, 'link', await idOf(registry, team), digest)),
    ).toHaveLength(1)
  })

  it('carries the date of the commit, not one from before it', async () => {
    const session = await start()
    // The process sleeps between its decision and its commit, and someone else was faster meanwhile.
    registry.hooks.beforeCommit = async () => {
      registry.clock.now += 5 * HOUR
      await pushBlob(registry, team, 'same')
      registry.clock.now += 5 * HOUR
    }
    await registry.uploads.finish(session, digestOf('same'), chunk('same'))
    const due = registry.clock.now + 24 * HOUR + 1
    const id = await idOf(registry, team)
    expect(await keysUnder(registry, keys.review(due, 'link', id, digestOf('same')))).toHaveLength(1)
  })

  it('a charge that goes just before the commit is written again', async () => {
    const digest = await pushBlob(registry, team, 'same')
    const session = await start(name('team/two'))
    registry.hooks.beforeCommit = () => remove(registry, keys.charge('team', digest))
    await registry.uploads.finish(session, digest, chunk('same'))
    expect(await keysUnder(registry, keys.charge('team', digest))).toHaveLength(1)
  })
})

describe('a repository that is deleted while an upload runs', () => {
  it('takes the session along', async () => {
    const session = await start()
    await remove(registry, keys.repository(team))
    expect(await code(registry.uploads.finish(session, digestOf('abc'), chunk('abc')))).toBe(
      'BLOB_UPLOAD_UNKNOWN',
    )
    expect(await blobRecord(registry, digestOf('abc'))).toBeUndefined()
  })

  it('also when its name is in use again: nothing gets into the new one', async () => {
    const session = await start()
    await remove(registry, keys.repository(team))
    await pushBlob(registry, team, 'new')
    expect(await code(registry.uploads.finish(session, digestOf('abc'), chunk('abc')))).toBe(
      'BLOB_UPLOAD_UNKNOWN',
    )
    expect(await pull(registry, team, digestOf('abc'))).toBeUndefined()
  })

  it('also in the last moment', async () => {
    const session = await start()
    registry.hooks.beforeCommit = () => remove(registry, keys.repository(team))
    expect(await code(registry.uploads.finish(session, digestOf('abc'), chunk('abc')))).toBe(
      'BLOB_UPLOAD_UNKNOWN',
    )
    expect(await blobRecord(registry, digestOf('abc'))).toBeUndefined()
  })
})

describe('limits', () => {
  it('an account has so many open sessions and no more; others do not count', async () => {
    registry = await openTestRegistry({ maxUploads: 2 })
    const first = await start()
    const second = await start(name('team/two'))
    await start(team, 'user:alice2')
    await expect(start()).rejects.toMatchObject({ code: 'TOOMANYREQUESTS', headers: { 'retry-after': '60' } })
    await registry.uploads.finish(first, digestOf('x'), chunk('x'))
    await start()
    expect(await code(start())).toBe('TOOMANYREQUESTS')
    await registry.uploads.cancel(second)
    await start()
  })

  it('a project that cannot be made stops the upload before it begins', async () => {
    const parts = { ...registry.parts, ensureProject: () => Promise.reject(new Error('no project for you')) }
    const { Uploads } = await import('./uploads.ts')
    await expect(new Uploads(parts).start(team, ALICE)).rejects.toThrow('no project for you')
    expect(await keysUnder(registry, keys.uploads())).toEqual([])
  })
})

async function trashed(): Promise<string[]> {
  const entries = await registry.metadata.range({ prefix: keys.allTrash(), limit: 100 })
  return entries.map(({ key }) => Buffer.from(key).subarray(9, -1).toString())
}
