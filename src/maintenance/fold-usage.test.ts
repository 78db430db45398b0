import { beforeEach, describe, expect, it } from 'vitest'
import { keys } from '../records/keys.ts'
import { unlinkBlob } from '../registry/blobs.ts'
import { name } from '../registry/content-fixture.ts'
import { openTestRegistry, pushBlob, type TestRegistry } from '../registry/registry-fixture.ts'
import { keysUnder } from '../registry/stored-fixture.ts'
import { usageOf } from '../registry/usage.ts'
import { foldUsageJob } from './fold-usage.ts'
import type { Job } from './job.ts'
import { isJobDue, testJob } from './job-fixture.ts'

let registry: TestRegistry

beforeEach(async () => {
  registry = await openTestRegistry()
})

async function run(job: Job): Promise<void> {
  const test = testJob({ metadata: registry.metadata, blobs: registry.blobs, now: registry.parts.now })
  await test.run((parts, signal) => job.run(parts, signal))
  expect(test.failed).toEqual([])
}

const records = (project: string) => keysUnder(registry, keys.usages(project))

describe('folding usage', () => {
  it('leaves one record for each project, and no sum changes', async () => {
    for (let at = 0; at < 20; at++)
      await pushBlob(registry, at % 2 === 0 ? 'team/app' : 'other/app', `blob ${at + 10}`)
    expect(await records('team')).toHaveLength(10)
    await run(foldUsageJob)
    for (const project of ['team', 'other']) {
      expect(await records(project)).toHaveLength(1)
      expect(await usageOf(registry.metadata, project)).toBe(70)
    }
    await pushBlob(registry, 'team/app', 'one more')
    await run(foldUsageJob)
    expect(await usageOf(registry.metadata, 'team')).toBe(78)
    expect(await records('team')).toHaveLength(1)
  })

  it('is due while a project has more than one record, wherever it comes in the order', async () => {
    const test = testJob({ metadata: registry.metadata, blobs: registry.blobs, now: registry.parts.now })
    for (const project of ['alpha', 'beta', 'gamma']) await pushBlob(registry, `${project}/app`, 'one')
    expect(await isJobDue(foldUsageJob, test)).toBe(false)
    for (const project of ['alpha', 'beta', 'gamma']) {
      await pushBlob(registry, `${project}/app`, 'two')
      expect(await isJobDue(foldUsageJob, test)).toBe(true)
      await run(foldUsageJob)
      expect(await isJobDue(foldUsageJob, test)).toBe(false)
      expect(await records(project)).toHaveLength(1)
    }
  })

  it('loses nothing that is noted just before its commit', async () => {
    await pushBlob(registry, 'team/app', 'one')
    await pushBlob(registry, 'team/app', 'two')
    registry.hooks.beforeCommit = async () => {
      await pushBlob(registry, 'team/app', 'three')
    }
    await run(foldUsageJob)
    await run(foldUsageJob)
    expect(await usageOf(registry.metadata, 'team')).toBe(11)
  })

  it('leaves nothing of a project that holds nothing', async () => {
    const digest = await pushBlob(registry, 'team/app', 'one')
    await unlinkBlob(registry.parts, name('team/app'), digest)
    await run(foldUsageJob)
    expect(await records('team')).toEqual([])
  })
})
