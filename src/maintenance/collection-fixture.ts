import { keys } from '../records/keys.ts'
import { HOUR, type TestRegistry } from '../registry/registry-fixture.ts'
import { locations } from '../registry/stored-fixture.ts'
import { collectionJob } from './collection.ts'
import { emptyTrash } from './empty-trash.ts'
import { testJob } from './job-fixture.ts'

/** One run of the collector and of the trash, at the clock's time. Throws when an item failed. */
export async function collectOnce(registry: TestRegistry): Promise<void> {
  const { metadata, blobs, parts } = registry
  const job = testJob({ metadata, blobs, now: parts.now })
  const collection = collectionJob(parts, 0)
  await job.run((jobParts, signal) => collection.run(jobParts, signal))
  await job.run(emptyTrash)
  if (job.failed.length > 0) throw new Error(`failed: ${job.failed.join(', ')}`)
}

/** Lets hours pass, with a collector that runs all the time. */
export async function collectFor(registry: TestRegistry, hours: number): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    registry.clock.now += HOUR
    await collectOnce(registry)
  }
}

/** Lets so much time pass that everything unused is gone, notes of what was deleted included. */
export async function collectAll(registry: TestRegistry): Promise<void> {
  await collectFor(registry, 80)
}

/** Number of blobs whose bytes are stored. */
export async function bytesLeft(registry: TestRegistry): Promise<number> {
  return (await locations(registry)).length
}

/** Number of entries that wait for the collector. */
export async function queueLength(registry: TestRegistry): Promise<number> {
  return (await registry.metadata.range({ prefix: keys.reviews(), limit: 10_000 })).length
}
