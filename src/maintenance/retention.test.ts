import { beforeEach, describe, expect, it } from 'vitest'
import type { Digest } from '../oci/digest.ts'
import { BODY_LIMIT } from '../records/manifest.ts'
import { index, name, tag } from '../registry/content-fixture.ts'
import { deleteManifest, deleteTag } from '../registry/delete-manifest.ts'
import { pushImage, setPolicy } from '../registry/images-fixture.ts'
import { keepManifest } from '../registry/keep-manifest.ts'
import { getManifest } from '../registry/manifests.ts'
import { policyOf } from '../registry/policies.ts'
import {
  ALICE,
  codeOf,
  HOUR,
  openTestRegistry,
  pull,
  pullManifest,
  push,
  resolve,
  type TestRegistry,
} from '../registry/registry-fixture.ts'
import { checkRules } from '../registry/set-policy.ts'
import { idOf } from '../registry/stored-fixture.ts'
import { rollbackTag } from '../registry/tag-history.ts'
import { bytesLeft, collectAll, collectFor, collectOnce } from './collection-fixture.ts'
import { testJob } from './job-fixture.ts'
import { retentionJob } from './retention.ts'
import { candidatesIn } from './retention-candidates.ts'

let registry: TestRegistry
const APP = 'team/app'
const DAY = 24 * HOUR

beforeEach(async () => {
  registry = await openTestRegistry()
})

/** Applies the rules once; gives the number of things taken. */
async function applyRules(): Promise<number> {
  const { metadata, blobs, parts } = registry
  const job = testJob({ metadata, blobs, now: parts.now })
  const retention = retentionJob(parts)
  const done = await job.run((jobParts, signal) => retention.run(jobParts, signal))
  expect(job.failed).toEqual([])
  return done
}

async function preview(): Promise<string[]> {
  const found: string[] = []
  const rest = () => Promise.resolve()
  for await (const { tag: tagged, digest } of candidatesIn(
    { ...registry.parts, rest },
    'team',
    await policyOf(registry.metadata, 'team'),
  ))
    found.push(tagged ?? digest)
  return found
}

async function pushDaily(count: number): Promise<Digest[]> {
  const made: Digest[] = []
  for (let day = 1; day <= count; day++) {
    made.push((await pushImage(registry, APP, `day ${day}`, { tags: [`d${day}`] })).digest)
    registry.clock.now += DAY
  }
  return made
}

async function tags(): Promise<string[]> {
  const found: string[] = []
  for (let day = 1; day <= 9; day++) if (await resolve(registry, APP, `d${day}`)) found.push(`d${day}`)
  return found
}

async function pulledNow(digest: Digest): Promise<void> {
  registry.parts.pulls.note(await idOf(registry, APP), digest)
  await registry.parts.pulls.flush(registry.metadata)
}

describe('a rule about tags', () => {
  it.each([
    [
      'deleted',
      ['d2', 'd3'],
      async () => {
        for (const newer of ['d4', 'd5'])
          await deleteTag(registry.parts, name(APP), tag(newer), { by: ALICE })
      },
    ],
    ['joined by a newer one', ['d4', 'd5', 'd9'], () => pushImage(registry, APP, 'day 9', { tags: ['d9'] })],
  ])(
    'keeps the last ones when those that were the last are %s in the middle of a run',
    async (_, left, act) => {
      await pushDaily(5)
      registry.clock.now += 60 * DAY
      await setPolicy(registry, 'team', { retention: [{ name: 'last', tags: 'd*', keepLast: 2 }] })
      const { metadata, blobs, parts } = registry
      let acted: Promise<unknown> | undefined
      const pace = async () => {
        acted ??= act()
        await acted
        // An answer counts for a while.
        await new Promise((resolve) => setTimeout(resolve, 300))
      }
      const job = testJob({ metadata, blobs, now: parts.now })
      const retention = retentionJob(parts)
      await job.run((jobParts, signal) => retention.run({ ...jobParts, pace }, signal))
      expect(await tags()).toEqual(left)
    },
  )

  it('keeps the last n, by when they were set', async () => {
    await pushDaily(5)
    registry.clock.now += DAY
    await setPolicy(registry, 'team', { retention: [{ name: 'last', tags: 'd*', keepLast: 2 }] })
    expect(await preview()).toEqual(['d1', 'd2', 'd3'])
    expect(await applyRules()).toBe(3)
    expect(await tags()).toEqual(['d4', 'd5'])
  })

  it('keeps the last n beside those that were set while a clock was ahead', async () => {
    registry.clock.now += 400 * DAY
    for (const ahead of ['d1', 'd2']) await pushImage(registry, APP, ahead, { tags: [ahead] })
    registry.clock.now -= 400 * DAY
    for (const since of ['d3', 'd4', 'd5']) {
      await pushImage(registry, APP, since, { tags: [since] })
      registry.clock.now += 2 * DAY
    }
    await setPolicy(registry, 'team', { retention: [{ name: 'last', tags: 'd*', keepLast: 2 }] })
    expect(await applyRules()).toBe(1)
    expect(await tags()).toEqual(['d1', 'd2', 'd4', 'd5'])
  })

  it('ends when it is told to, also where nothing goes, and lets others have a turn', async () => {
    await pushDaily(6)
    await setPolicy(registry, 'team', { retention: [{ name: 'young', tags: 'd*', keepYoungerDays: 100 }] })
    const stopping = new AbortController()
    let rests = 0
    const rest = async (): Promise<void> => {
      rests += 1
      if (rests === 3) stopping.abort()
    }
    const retention = retentionJob(registry.parts)
    const job = testJob({ metadata: registry.metadata, blobs: registry.blobs, now: registry.parts.now })
    const done = await job.run((parts, signal) => retention.run({ ...parts, rest }, signal), stopping.signal)
    expect(done).toBe(0)
    expect(rests).toBe(3)
    expect(job.failed).toEqual([])
  })

  it('keeps what is younger than so many days', async () => {
    await pushDaily(5)
    registry.clock.now += 1
    await setPolicy(registry, 'team', { retention: [{ name: 'young', tags: 'd*', keepYoungerDays: 3 }] })
    await applyRules()
    expect(await tags()).toEqual(['d4', 'd5'])
  })

  it('takes only tags and repositories that match its patterns', async () => {
    await pushImage(registry, 'team/web', 'web', { tags: ['d1'] })
    await pushDaily(2)
    registry.clock.now += 3 * DAY
    await setPolicy(registry, 'team', {
      retention: [{ name: 'some', repositories: 'app', tags: 'd1', keepLast: 0 }],
    })
    await applyRules()
    expect(await tags()).toEqual(['d2'])
    expect(await resolve(registry, 'team/web', 'd1')).toBeDefined()
  })

  it('keeps what was pulled within 30 days, unless it says otherwise', async () => {
    const [first] = await pushDaily(2)
    registry.clock.now += 10 * DAY
    if (first !== undefined) await pulledNow(first)
    registry.clock.now += 29 * DAY
    await setPolicy(registry, 'team', { retention: [{ name: 'all', tags: 'd*', keepLast: 0 }] })
    await applyRules()
    expect(await tags()).toEqual(['d1'])
    await setPolicy(registry, 'team', {
      retention: [{ name: 'all', tags: 'd*', keepLast: 0, keepPulledDays: 0 }],
    })
    await applyRules()
    expect(await tags()).toEqual([])
  })

  it('keeps what is marked, immutable, or was told to a client within the grace', async () => {
    const [first, , third] = await pushDaily(4)
    registry.clock.now += 2 * DAY
    if (first === undefined || third === undefined) throw new Error('nothing was pushed')
    await keepManifest(registry.parts, { name: name(APP), digest: first, by: ALICE }, true)
    const reference = { kind: 'digest', digest: third } as const
    await getManifest(registry.parts, name(APP), reference, () => Promise.resolve(true))
    await setPolicy(registry, 'team', {
      immutableTags: ['d2'],
      retention: [{ name: 'all', tags: 'd*', keepLast: 0 }],
    })
    await applyRules()
    expect(await tags()).toEqual(['d1', 'd2', 'd3'])
  })

  it.each([
    ['taken back', []],
    ['changed', [{ name: 'all', tags: 'd*', keepLast: 5 }]],
  ])('takes nothing more once it was %s', async (_, retention) => {
    await pushDaily(4)
    registry.clock.now += 2 * DAY
    await setPolicy(registry, 'team', { retention: [{ name: 'all', tags: 'd*', keepLast: 0 }] })
    registry.hooks.beforeCommit = () => {
      // After the first tag.
      registry.hooks.beforeCommit = () => setPolicy(registry, 'team', { retention })
      return Promise.resolve()
    }
    expect(await applyRules()).toBe(2)
    expect(await tags()).toEqual(['d3', 'd4'])
  })

  it('spares a manifest that a client is told of just before the commit', async () => {
    await pushDaily(1)
    registry.clock.now += 2 * DAY
    await setPolicy(registry, 'team', { retention: [{ name: 'all', tags: 'd*', keepLast: 0 }] })
    registry.hooks.beforeCommit = async () => {
      const reference = { kind: 'tag', tag: tag('d1') } as const
      await getManifest(registry.parts, name(APP), reference, () => Promise.resolve(true))
    }
    expect(await applyRules()).toBe(0)
    expect(await tags()).toEqual(['d1'])
  })

  it('takes what was marked before it was deleted for good, and is pushed again', async () => {
    const [first] = await pushDaily(1)
    if (first === undefined) throw new Error('nothing was pushed')
    await keepManifest(registry.parts, { name: name(APP), digest: first, by: ALICE }, true)
    await deleteManifest(registry.parts, name(APP), first, ALICE)
    await collectAll(registry)
    expect((await pushDaily(1))[0]).toBe(first)
    registry.clock.now += 2 * DAY
    await setPolicy(registry, 'team', { retention: [{ name: 'all', tags: 'd*', keepLast: 0 }] })
    expect(await applyRules()).toBe(1)
  })

  it('spares nothing by a mark on what was deleted just before it is written', async () => {
    const { digest } = await pushImage(registry, APP, 'one')
    registry.hooks.beforeCommit = () => deleteManifest(registry.parts, name(APP), digest, ALICE)
    const marked = keepManifest(registry.parts, { name: name(APP), digest, by: ALICE }, true)
    expect(await marked.catch(codeOf)).toBe('MANIFEST_UNKNOWN')
  })

  it('spares a manifest that is marked just before the commit', async () => {
    const [first] = await pushDaily(1)
    if (first === undefined) throw new Error('nothing was pushed')
    registry.clock.now += 2 * DAY
    await setPolicy(registry, 'team', { retention: [{ name: 'all', tags: 'd*', keepLast: 0 }] })
    registry.hooks.beforeCommit = () =>
      keepManifest(registry.parts, { name: name(APP), digest: first, by: ALICE }, true)
    expect(await applyRules()).toBe(0)
    expect(await tags()).toEqual(['d1'])
  })

  it('takes the manifest along, with its referrers and children, and gives the space back', async () => {
    const child = await pushImage(registry, APP, 'child')
    const { digest } = await push(registry, APP, index([child.digest]), { tags: ['d1'] })
    await pushImage(registry, APP, 'signature', { subject: digest })
    await collectFor(registry, 48)
    await setPolicy(registry, 'team', { retention: [{ name: 'all', tags: 'd*', keepLast: 0 }] })
    await applyRules()
    await collectAll(registry)
    await collectAll(registry)
    expect(await pullManifest(registry, APP, child.digest)).toBeUndefined()
    expect(await bytesLeft(registry)).toBe(0)
  })

  it('spares a child that is pulled by its digest, as long as the rule says', async () => {
    const [child, other] = [await pushImage(registry, APP, 'child'), await pushImage(registry, APP, 'other')]
    await push(registry, APP, index([child.digest, other.digest]), { tags: ['d1'] })
    await collectFor(registry, 48)
    await setPolicy(registry, 'team', { retention: [{ name: 'all', tags: 'd*', keepLast: 0 }] })
    await pulledNow(child.digest)
    await applyRules()
    await collectAll(registry)
    await collectAll(registry)
    expect(await pullManifest(registry, APP, child.digest)).toBeDefined()
    expect(await pullManifest(registry, APP, other.digest)).toBeUndefined()
    registry.clock.now += 31 * DAY
    await collectAll(registry)
    expect(await bytesLeft(registry)).toBe(0)
  })

  it('takes a child that was pulled along where it says that this does not count', async () => {
    const child = await pushImage(registry, APP, 'child')
    await push(registry, APP, index([child.digest]), { tags: ['d1'] })
    await collectFor(registry, 48)
    await setPolicy(registry, 'team', {
      retention: [{ name: 'all', tags: 'd*', keepLast: 0, keepPulledDays: 0 }],
    })
    await pulledNow(child.digest)
    await applyRules()
    await collectAll(registry)
    await collectAll(registry)
    expect(await bytesLeft(registry)).toBe(0)
  })

  it('leaves a manifest that another tag or index leads to', async () => {
    const [first] = await pushDaily(1)
    if (first === undefined) throw new Error('nothing was pushed')
    await push(registry, APP, index([first]), { tags: ['index'] })
    registry.clock.now += 2 * DAY
    await setPolicy(registry, 'team', { retention: [{ name: 'all', tags: 'd*', keepLast: 0 }] })
    await applyRules()
    await collectAll(registry)
    expect(await tags()).toEqual([])
    expect(await pullManifest(registry, APP, first)).toBeDefined()
  })

  it('can be undone within the grace; later, the answer says when, and by which rule', async () => {
    const { digest } = await pushImage(registry, APP, 'one', { tags: ['d1'] })
    registry.clock.now += 2 * DAY
    await setPolicy(registry, 'team', { retention: [{ name: 'nightly', tags: 'd*', keepLast: 0 }] })
    const rollback = () =>
      rollbackTag(registry.parts, { name: name(APP), tag: tag('d1'), to: undefined, by: ALICE })
    await applyRules()
    await collectFor(registry, 2)
    expect(await pullManifest(registry, APP, digest)).toBeUndefined()
    expect(await rollback()).toEqual({ digest, restored: true })
    registry.clock.now += 2 * DAY
    await applyRules()
    await collectFor(registry, 30)
    await expect(rollback()).rejects.toThrow(/deleted by the retention rule 'nightly' on 2027-\d\d-\d\d/)
  })
})

describe('a rule about manifests without a tag', () => {
  const untagged = (more = {}) => setPolicy(registry, 'team', { retention: [{ name: 'untagged', ...more }] })

  it('takes them after the grace, and gives the space back', async () => {
    await untagged()
    const { digest } = await pushImage(registry, APP, 'one', { tags: ['d1'] })
    await collectFor(registry, 48)
    await deleteTag(registry.parts, name(APP), tag('d1'), { by: ALICE })
    await collectFor(registry, 24)
    expect(await pullManifest(registry, APP, digest)).toBeDefined()
    await collectFor(registry, 60)
    expect(await bytesLeft(registry)).toBe(0)
  })

  it.each(['pushed by digest', 'moved away from'])('takes one that was %s', async (how) => {
    await untagged()
    await pushImage(registry, APP, 'one', { tags: how === 'pushed by digest' ? [] : ['d1'] })
    if (how === 'moved away from') await pushImage(registry, APP, 'two', { tags: ['d1'] })
    await collectAll(registry)
    expect(await bytesLeft(registry)).toBe(how === 'moved away from' ? 2 : 0)
  })

  it('takes those from before it was set', async () => {
    await pushImage(registry, APP, 'one')
    await collectFor(registry, 48)
    await untagged()
    expect(await preview()).toHaveLength(1)
    await applyRules()
    await collectAll(registry)
    expect(await bytesLeft(registry)).toBe(0)
  })

  it('spares children of an index, and takes them once it is deleted', async () => {
    await untagged()
    const child = await pushImage(registry, APP, 'child')
    const parent = await push(registry, APP, index([child.digest]), { tags: ['d1'] })
    await collectAll(registry)
    expect(await pull(registry, APP, child.layer)).toBeDefined()
    await deleteManifest(registry.parts, name(APP), parent.digest, ALICE)
    await collectAll(registry)
    expect(await bytesLeft(registry)).toBe(0)
  })

  it('takes referrers along with their subject, and spares those of a living one', async () => {
    await untagged()
    const one = await pushImage(registry, APP, 'one', { tags: ['d1'] })
    const signature = await pushImage(registry, APP, 'signature', { subject: one.digest })
    await collectAll(registry)
    expect(await pull(registry, APP, signature.layer)).toBeDefined()
    await deleteTag(registry.parts, name(APP), tag('d1'), { by: ALICE })
    await collectAll(registry)
    await collectAll(registry)
    expect(await bytesLeft(registry)).toBe(0)
  })

  it('spares a referrer whose subject never was, or was deleted by hand', async () => {
    await untagged()
    const one = await pushImage(registry, APP, 'one', { tags: ['d1'] })
    const signature = await pushImage(registry, APP, 'signature', { subject: one.digest })
    await deleteManifest(registry.parts, name(APP), one.digest, ALICE)
    await collectAll(registry)
    expect(await preview()).toEqual([])
    await applyRules()
    await collectAll(registry)
    expect(await pull(registry, APP, signature.layer)).toBeDefined()
  })

  it('does not orphan a referrer that is pushed just before the commit', async () => {
    await untagged()
    const one = await pushImage(registry, APP, 'one')
    registry.clock.now += 25 * HOUR
    registry.hooks.beforeCommit = async () => {
      await pushImage(registry, APP, 'signature', { subject: one.digest })
    }
    await collectOnce(registry)
    await collectAll(registry)
    await collectAll(registry)
    expect(await bytesLeft(registry)).toBe(0)
  })

  it('takes a large one, whose body is a blob of its own, like any other', async () => {
    const { digest } = await push(registry, APP, index([], { annotations: { fill: 'x'.repeat(BODY_LIMIT) } }))
    await untagged()
    registry.clock.now += 2 * DAY
    expect(await preview()).toEqual([digest])
  })

  it('counts parts of days', async () => {
    await untagged({ keepYoungerDays: 1.123_456_789 })
    await pushImage(registry, APP, 'one')
    await collectFor(registry, 26)
    expect(await bytesLeft(registry)).toBe(2)
    await collectFor(registry, 54)
    expect(await bytesLeft(registry)).toBe(0)
  })

  it('spares what is young, pulled, or marked to be kept', async () => {
    await untagged({ keepYoungerDays: 3 })
    const made = await Promise.all(['young', 'pulled', 'kept'].map((text) => pushImage(registry, APP, text)))
    const [, pulled, kept] = made
    if (pulled === undefined || kept === undefined) throw new Error('nothing was pushed')
    await pulledNow(pulled.digest)
    await keepManifest(registry.parts, { name: name(APP), digest: kept.digest, by: ALICE }, true)
    await collectFor(registry, 71)
    expect(await bytesLeft(registry)).toBe(6)
    await collectFor(registry, 60)
    expect(await bytesLeft(registry)).toBe(4)
    registry.clock.now += 31 * DAY
    await collectFor(registry, 60)
    expect(await bytesLeft(registry)).toBe(2)
    await keepManifest(registry.parts, { name: name(APP), digest: kept.digest, by: ALICE }, false)
    await collectAll(registry)
    expect(await bytesLeft(registry)).toBe(0)
  })
})

describe('rules that nobody can have meant', () => {
  it.each([
    [{ name: 'a', tags: '*' }, 'nothing that stays'],
    [{ name: 'a', keepLast: 3 }, 'counts tags'],
  ])('%o: %s', (rule, why) => {
    expect(() => checkRules([rule])).toThrow(why)
  })

  it('two of the same name', () => {
    expect(() => checkRules([{ name: 'a' }, { name: 'a' }])).toThrow('two rules')
    expect(codeOf(new Error('none'))).toBeUndefined()
  })
})
