import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openMemoryBlobStore } from '../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import { StoreDamaged } from '../../storage/store-errors.ts'
import { clusterCodec } from '../records/cluster.ts'
import { keys } from '../records/keys.ts'
import { leaseCodec } from '../records/maintenance.ts'
import type { Job, JobParts } from './job.ts'
import type { RunProgress } from './job-runner.ts'
import { type Maintenance, type MaintenanceParts, startMaintenance } from './schedule.ts'

let now: number
let errors: string[]
let reports: [string, RunProgress][]
let parts: MaintenanceParts
let running: Maintenance[]

beforeEach(async () => {
  now = 1_800_000_000_000
  errors = []
  reports = []
  running = []
  parts = {
    metadata: await openMemoryMetadataStore(),
    blobs: openMemoryBlobStore(),
    now: () => now,
    steady: () => now,
    onError: (_, what) => errors.push(what),
    onProgress: (job, progress) => reports.push([job, progress]),
  }
})

afterEach(async () => {
  await Promise.all(running.map((maintenance) => maintenance.stop()))
})

const LONG = 3_600_000

function start(...jobs: Job[]): Maintenance {
  const maintenance = startMaintenance(parts, jobs)
  running.push(maintenance)
  return maintenance
}

/** A job that counts its runs. */
function counting(name: string, more: Partial<Job> = {}): Job & { runs: number } {
  const job = {
    name,
    everyMs: LONG,
    runs: 0,
    run: async (jobParts: JobParts) => {
      job.runs += 1
      jobParts.progress(1)
      await jobParts.pace()
    },
    ...more,
  }
  return job
}

const cluster = (id: string) => ({ key: keys.cluster(), value: clusterCodec.encode({ id, created: 1 }) })

const waiting = (maintenance: Maintenance) => () =>
  maintenance.jobs.every(({ state, finished }) => state === 'waiting' && finished)

describe('startMaintenance', () => {
  it('runs each job at once; one that fails or hangs does not stop the others', async () => {
    const good = counting('good')
    const bad = counting('bad', { run: () => Promise.reject(new Error('no')) })
    const held = Promise.withResolvers<void>()
    const slow = counting('slow', { run: () => held.promise })
    const maintenance = start(bad, slow, good)
    await expect.poll(() => good.runs).toBe(1)
    await expect.poll(() => errors).toEqual(['bad'])
    expect(maintenance.jobs.find(({ name }) => name === 'bad')).toMatchObject({
      state: 'waiting',
      error: 'no',
    })
    expect(maintenance.jobs.find(({ name }) => name === 'slow')).toMatchObject({ state: 'running' })
    held.resolve()
  })

  it('runs a job again after its interval, and later each time while it fails', async () => {
    const often = counting('often', { everyMs: 1 })
    const failing = counting('failing', {
      everyMs: 60_000,
      run: () => Promise.reject(new Error('no')),
    })
    const maintenance = start(often, failing)
    await expect.poll(() => often.runs).toBeGreaterThan(3)
    expect(errors).toEqual(['failing'])
    maintenance.runNow('failing')
    await expect.poll(() => errors).toEqual(['failing', 'failing'])
  })

  it('waits a day for one that fails again and again, where its interval is as long', async () => {
    const daily = counting('daily', { everyMs: 24 * LONG, run: () => Promise.reject(new Error('no')) })
    const maintenance = start(daily)
    for (let run = 1; run <= 6; run++) {
      const ended = () => [errors.length, maintenance.jobs[0]?.state]
      await expect.poll(ended, { timeout: 10_000 }).toEqual([run, 'waiting'])
      if (run < 6) maintenance.runNow('daily')
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(errors).toHaveLength(6)
  })

  it('runs no job where records are damaged, and says which', async () => {
    const taking = counting('taking')
    const why = 'the file 000005.ldb is damaged'
    Object.assign(parts.metadata, { verify: () => Promise.reject(new StoreDamaged(why)) })
    const maintenance = start(taking)
    await expect.poll(() => maintenance.jobs[0]).toMatchObject({ state: 'waiting', error: why })
    maintenance.runNow('taking')
    await expect.poll(() => errors).toEqual(['taking', 'taking'])
    expect(taking.runs).toBe(0)
  })

  it('runs no job while a check says no, as on a replica whose clock is wrong, and runs it afterwards', async () => {
    const taking = counting('taking')
    let wrong: string | undefined = 'the clock of this server is 3456000 s ahead of that of the database'
    parts = {
      ...parts,
      checks: [() => (wrong === undefined ? Promise.resolve() : Promise.reject(new Error(wrong)))],
    }
    const maintenance = start(taking)
    await expect.poll(() => maintenance.jobs[0]).toMatchObject({ state: 'waiting', error: wrong })
    expect(taking.runs).toBe(0)
    wrong = undefined
    await expect.poll(() => errors).toEqual(['taking'])
    maintenance.runNow('taking')
    await expect.poll(() => taking.runs).toBe(1)
    await expect.poll(() => maintenance.jobs[0]?.error).toBeUndefined()
  })

  it('looks at the records before the first job runs, once for all of them, and ends the look with the server', async () => {
    const [one, other] = [counting('one'), counting('other')]
    let looks = 0
    const verify = async (rest: () => Promise<void>): Promise<void> => {
      looks += 1
      for (;;) await rest()
    }
    Object.assign(parts.metadata, { verify })
    const maintenance = start(one, other)
    await expect.poll(() => looks).toBe(1)
    await maintenance.stop()
    expect([looks, one.runs, other.runs, errors]).toEqual([1, 0, 0, []])
  })

  it.each([
    ['is gone', []],
    ['is made anew', [cluster('another')]],
  ])('runs no job any more when the record of its registry %s', async (_, sets) => {
    const deletes = sets.length === 0 ? [keys.cluster()] : []
    await parts.metadata.commit({ checks: [], sets: [cluster('own')], deletes: [] })
    const job = counting('job')
    const maintenance = start(job)
    await expect.poll(waiting(maintenance)).toBe(true)
    await parts.metadata.commit({ checks: [], sets, deletes })
    maintenance.runNow('job')
    await expect.poll(() => errors).toEqual(['job'])
    expect(job.runs).toBe(1)
    await parts.metadata.commit({ checks: [], sets: [cluster('own')], deletes: [] })
    maintenance.runNow('job')
    await expect.poll(() => job.runs).toBe(2)
  })

  it('says how far a job is, and tells the log of runs that did something', async () => {
    const idle = counting('idle', { run: () => Promise.resolve() })
    const maintenance = start(counting('busy'), idle)
    await expect.poll(waiting(maintenance)).toBe(true)
    expect(maintenance.jobs[0]).toMatchObject({
      name: 'busy',
      everyMs: LONG,
      done: 1,
      started: now,
      finished: now,
    })
    expect(reports).toEqual([['busy', { done: 1, milliseconds: 0, finished: true }]])
  })

  it('asks a job whether it has anything to do before it takes the lease', async () => {
    let due = false
    const lazy = counting('lazy', { everyMs: 1, isDue: () => Promise.resolve(due) })
    start(lazy)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(lazy.runs).toBe(0)
    due = true
    await expect.poll(() => lazy.runs).toBeGreaterThan(0)
  })

  it('lets one process at a time do a job; the next takes over when that stops', async () => {
    const held = Promise.withResolvers<void>()
    const first = start(counting('shared', { run: () => held.promise }))
    await expect.poll(() => first.jobs[0]?.state).toBe('running')
    const job = counting('shared', { everyMs: 1 })
    const second = start(job)
    await expect.poll(() => second.jobs[0]?.state).toBe('elsewhere')
    expect(job.runs).toBe(0)
    held.resolve()
    await first.stop()
    await expect.poll(() => job.runs).toBeGreaterThan(0)
  })

  it('begins a run at once when told to, and knows which jobs there are', async () => {
    const job = counting('job')
    const maintenance = start(job)
    await expect.poll(waiting(maintenance)).toBe(true)
    maintenance.runNow('job')
    await expect.poll(() => job.runs).toBe(2)
    expect(() => maintenance.runNow('jab')).toThrow("there is no job 'jab'; there are job")
  })

  it('is not said to wait before another run can begin', async () => {
    const { metadata } = parts
    const [released, commit] = [Promise.withResolvers<void>(), metadata.commit.bind(metadata)]
    let isReleasing = false
    metadata.commit = async (one) => {
      if (one.deletes.some((key) => Buffer.compare(key, keys.lease('job')) === 0)) {
        isReleasing = true
        await released.promise
      }
      return commit(one)
    }
    const job = counting('job')
    const maintenance = start(job)
    await expect.poll(() => isReleasing, { timeout: 10_000 }).toBe(true)
    expect(maintenance.jobs[0]?.state).toBe('running')
    released.resolve()
    await expect.poll(waiting(maintenance), { timeout: 10_000 }).toBe(true)
    maintenance.runNow('job')
    await expect.poll(() => job.runs, { timeout: 10_000 }).toBe(2)
  })

  it('waits for what it is doing when it is stopped, and tells it to end', async () => {
    let told = false
    const job = counting('job', {
      run: (_, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            told = true
            setImmediate(resolve)
          })
        }),
    })
    const maintenance = start(job)
    await expect.poll(() => maintenance.jobs[0]?.state).toBe('running')
    await maintenance.stop()
    expect(told).toBe(true)
    expect(maintenance.jobs[0]?.state).toBe('waiting')
  })
})

describe('an item that fails', () => {
  let broken: boolean
  let tried: string[]
  const job = () =>
    counting('job', {
      run: async (jobParts) => {
        for (const item of ['a', 'b', 'c'])
          await jobParts.attempt(item, () => {
            tried.push(item)
            return broken && item === 'b' ? Promise.reject(new Error('EIO')) : Promise.resolve()
          })
      },
    })

  beforeEach(() => {
    broken = true
    tried = []
  })

  it('does not stop the others, is listed, and left alone for longer each time', async () => {
    const maintenance = start(job())
    await expect.poll(waiting(maintenance)).toBe(true)
    expect(tried).toEqual(['a', 'b', 'c'])
    expect(errors).toEqual(['job: b'])
    expect(await maintenance.failures()).toEqual([
      { job: 'job', item: 'b', attempts: 1, first: now, last: now, next: now + 10_000, message: 'EIO' },
    ])
    await again(maintenance, 9999)
    expect(tried).toEqual(['a', 'b', 'c', 'a', 'c'])
    await again(maintenance, 1)
    expect(await maintenance.failures()).toMatchObject([{ attempts: 2, next: now + 20_000 }])
  })

  it('is not listed when it was cut because another process has the lease now', async () => {
    const { metadata } = parts
    const cut = counting('job', {
      run: (jobParts, signal) =>
        jobParts
          .attempt('a', () => new Promise((_, reject) => signal.addEventListener('abort', reject)))
          .then(() => undefined),
    })
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const maintenance = start(cut)
    await expect.poll(() => maintenance.jobs[0]?.state, { timeout: 10_000 }).toBe('running')
    const sets = [{ key: keys.lease('job'), value: leaseCodec.encode({ holder: 'other', until: now + 1 }) }]
    await metadata.commit({ checks: [], sets, deletes: [] })
    vi.advanceTimersByTime(5000)
    vi.useRealTimers()
    await expect.poll(waiting(maintenance), { timeout: 10_000 }).toBe(true)
    expect(errors).toEqual([])
    expect(await maintenance.failures()).toEqual([])
  })

  it('is tried again after a clock that was ahead is set right', async () => {
    now += 400 * 24 * LONG
    const maintenance = start(job())
    await expect.poll(waiting(maintenance)).toBe(true)
    broken = false
    await again(maintenance, -400 * 24 * LONG)
    expect(await maintenance.failures()).toEqual([])
  })

  it('leaves the list once it is done', async () => {
    const maintenance = start(job())
    await expect.poll(waiting(maintenance)).toBe(true)
    broken = false
    await again(maintenance, 10_000)
    expect(await maintenance.failures()).toEqual([])
  })

  it('leaves the list also when nobody asks for it any more', async () => {
    const maintenance = start(job())
    await expect.poll(waiting(maintenance)).toBe(true)
    await maintenance.stop()
    const other = start(counting('job'))
    await expect.poll(waiting(other)).toBe(true)
    expect(await other.failures()).toHaveLength(1)
    await again(other, 8 * 24 * LONG)
    expect(await other.failures()).toEqual([])
  })

  async function again(maintenance: Maintenance, later: number): Promise<void> {
    now += later
    const before = maintenance.jobs[0]?.finished
    maintenance.runNow('job')
    await expect.poll(() => maintenance.jobs[0]?.finished !== before && waiting(maintenance)()).toBe(true)
  }
})
