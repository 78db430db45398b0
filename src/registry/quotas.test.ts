import { beforeEach, describe, expect, it } from 'vitest'
import { keys } from '../records/keys.ts'
import { BODY_LIMIT } from '../records/manifest.ts'
import { unlinkBlob } from './blobs.ts'
import { chunk, digestOf, index, name } from './content-fixture.ts'
import { pushImage, setPolicy } from './images-fixture.ts'
import { mountFrom } from './mount.ts'
import { Quotas } from './quotas.ts'
import { ALICE, codeOf, openTestRegistry, push, pushBlob, type TestRegistry } from './registry-fixture.ts'
import { keysUnder } from './stored-fixture.ts'
import { usageOf } from './usage.ts'

let registry: TestRegistry
const ONE = 'team/one'
const TWO = 'team/two'

beforeEach(async () => {
  registry = await openTestRegistry()
})

const blob = (repository: string, size: number, fill = 'x') =>
  pushBlob(registry, repository, fill.repeat(size))
const outcome = (work: Promise<unknown>) => work.then(() => 'done', codeOf)

describe('a quota', () => {
  beforeEach(() => setPolicy(registry, 'team', { quotaBytes: 250 }))

  it('takes what fits, to the byte, and refuses what does not, with numbers', async () => {
    await blob(ONE, 100)
    expect(await outcome(blob(ONE, 151, 'y'))).toBe('DENIED')
    expect(await outcome(blob(ONE, 150, 'y'))).toBe('done')
    await expect(blob(ONE, 1, 'z')).rejects.toThrow(
      "project 'team' holds 250 bytes of its quota of 250 bytes",
    )
    expect(await usageOf(registry.metadata, 'team')).toBe(250)
  })

  it('lets content that the project has be pushed and mounted when it is used up', async () => {
    const digest = await blob(ONE, 249)
    const mount = mountFrom(registry.parts, { name: name(TWO), digest, account: ALICE }, name(ONE))
    expect(await outcome(mount)).toBe('done')
    expect(await outcome(blob(TWO, 249))).toBe('done')
  })

  it('refuses a mount of content that is too much', async () => {
    const digest = await blob('other/app', 300)
    const mount = mountFrom(registry.parts, { name: name(ONE), digest, account: ALICE }, name('other/app'))
    expect(await outcome(mount)).toBe('DENIED')
  })

  it('refuses a blob before its bytes come where its digest and size are told, unless the project holds it', async () => {
    const bytes = Buffer.alloc(2 ** 20, 'x')
    const digest = digestOf(bytes)
    let asked = false
    const close = async (repository: string) => {
      const id = await registry.uploads.start(name(repository), ALICE)
      const session = { id, name: name(repository), account: ALICE }
      const sent = (async function* () {
        asked = true
        yield bytes
      })()
      return outcome(
        registry.uploads.finish(session, digest, chunk('', { bytes: sent, length: bytes.length })),
      )
    }
    expect(await close(ONE)).toBe('DENIED')
    expect(asked).toBe(false)
    await setPolicy(registry, 'team', { quotaBytes: bytes.length + 1 })
    expect(await close(ONE)).toBe('done')
    expect(await close(TWO)).toBe('done')
  })

  it('leaves no upload session behind when it refuses a manifest that is kept as a blob', async () => {
    const large = index([], { annotations: { large: 'x'.repeat(BODY_LIMIT) } })
    expect(await outcome(push(registry, ONE, large))).toBe('DENIED')
    expect(await keysUnder(registry, keys.uploadsOf(ALICE))).toEqual([])
  })

  it('never stands in the way of deleting (harbor#8793)', async () => {
    const made = await pushImage(registry, ONE, 'one')
    await setPolicy(registry, 'team', { quotaBytes: 1 })
    expect(await outcome(unlinkBlob(registry.parts, name(ONE), made.layer))).toBe('done')
  })

  it('leaves other projects alone', async () => {
    expect(await outcome(blob('other/app', 1000))).toBe('done')
  })
})

describe('a quota with much room', () => {
  /** How often the usage was added up. */
  let looks: number
  let quotas: Quotas
  beforeEach(async () => {
    looks = 0
    const { metadata } = registry
    const counting: typeof metadata = {
      ...metadata,
      read: (some) => metadata.read(some),
      range: (query) => {
        if (Buffer.compare(query.prefix, keys.usages('team')) === 0) looks += 1
        return metadata.range(query)
      },
    }
    quotas = new Quotas(counting, () => registry.clock.now)
    await setPolicy(registry, 'team', { quotaBytes: 1000 })
  })

  it('is not added up for each push, and is the nearer it is', async () => {
    for (let at = 0; at < 24; at++) await quotas.check('team', 10)
    expect(looks).toBe(1)
    await quotas.check('team', 10)
    expect(looks).toBe(2)
    await blob(ONE, 990)
    await quotas.check('other', 10)
    await expect(quotas.check('team', 241)).rejects.toMatchObject({ code: 'DENIED' })
  })

  it('is added up again after ten seconds: other replicas take pushes, too', async () => {
    await quotas.check('team', 0)
    await blob(ONE, 1000)
    registry.clock.now += 9_999
    expect(await outcome(quotas.check('team', 0))).toBe('done')
    registry.clock.now += 1
    expect(await outcome(quotas.check('team', 0))).toBe('DENIED')
  })

  it('is added up again when the clock was set back', async () => {
    await quotas.check('team', 0)
    await blob(ONE, 1000)
    registry.clock.now -= 3_600_000
    expect(await outcome(quotas.check('team', 0))).toBe('DENIED')
  })

  it('is added up once for all who push side by side, and for each when there is little room', async () => {
    await Promise.all(Array.from({ length: 20 }, () => quotas.check('team', 10)))
    expect(looks).toBe(1)
    await blob(ONE, 900)
    registry.clock.now += 10_000
    const outcomes = await Promise.all(Array.from({ length: 3 }, () => outcome(quotas.check('team', 101))))
    expect(outcomes).toEqual(['DENIED', 'DENIED', 'DENIED'])
    expect(looks).toBe(4)
  })

  it('counts at once when it is changed', async () => {
    await blob(ONE, 100)
    await quotas.check('team', 1)
    await setPolicy(registry, 'team', { quotaBytes: 100 })
    expect(await outcome(quotas.check('team', 1))).toBe('DENIED')
    await setPolicy(registry, 'team', { quotaBytes: 1000 })
    expect(await outcome(quotas.check('team', 1))).toBe('done')
  })

  it('has room again as soon as something went', async () => {
    const digest = await blob(ONE, 1000)
    expect(await outcome(quotas.check('team', 0))).toBe('DENIED')
    await unlinkBlob(registry.parts, name(ONE), digest)
    expect(await outcome(quotas.check('team', 0))).toBe('done')
  })
})
