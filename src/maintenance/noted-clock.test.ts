import { expect, it } from 'vitest'
import { openMemoryBlobStore } from '../../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import { testJob } from './job-fixture.ts'
import { noteTimeJob, readClockNote } from './noted-clock.ts'
import { SteadyClock } from './steady-clock.ts'

const NOON = 1_800_000_000_000
const HOUR = 3_600_000

it('leaves a note of the time that the next start goes on from', async () => {
  const machine = { wall: NOON, passed: 5.5 }
  const clock = new SteadyClock({ wall: () => machine.wall, passed: () => machine.passed, hold: 24 * HOUR })
  const metadata = await openMemoryMetadataStore()
  expect(await readClockNote(metadata)).toBeUndefined()
  machine.wall += 100 * HOUR
  clock.now()
  machine.wall += HOUR
  machine.passed += HOUR
  const job = testJob({ metadata, blobs: openMemoryBlobStore(), now: clock.now })
  const note = noteTimeJob(clock)
  await job.run((parts, signal) => note.run(parts, signal))
  expect(await readClockNote(metadata)).toEqual({
    wall: NOON + 101 * HOUR,
    steady: NOON + HOUR,
    waited: HOUR,
  })
})
