import { expect, it } from 'vitest'
import { keys } from '../records/keys.ts'
import { usageCodec } from '../records/review.ts'
import { openTestRegistry, pushBlob } from '../registry/registry-fixture.ts'
import { usageOf } from '../registry/usage.ts'
import { collectAll } from './collection-fixture.ts'
import { testJob } from './job-fixture.ts'
import { reconcileUsageJob } from './reconcile-usage.ts'

it.each([-5, 1000])('mends a sum that is wrong by %i bytes', async (wrong) => {
  const registry = await openTestRegistry()
  const { metadata, blobs, parts } = registry
  await pushBlob(registry, 'team/app', 'content')
  const sets = [{ key: keys.usage('team', 'wrong'), value: usageCodec.encode({ bytes: wrong }) }]
  await metadata.commit({ checks: [], sets, deletes: [] })
  const job = testJob({ metadata, blobs, now: parts.now })
  await job.run((jobParts, signal) => reconcileUsageJob.run(jobParts, signal))
  expect(job.failed).toEqual([])
  expect(await usageOf(metadata, 'team')).toBe(7)
  await collectAll(registry)
  expect(await usageOf(metadata, 'team')).toBe(0)
})
