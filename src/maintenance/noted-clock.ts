import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { clockCodec } from '../records/cursor.ts'
import { keys } from '../records/keys.ts'
import type { Job } from './job.ts'
import type { ClockNote, SteadyClock } from './steady-clock.ts'

const NOTE_TIME = 'note-time'
/** An hour that was not noted is one that did not pass: it only makes things grow old later. */
const NOTE_MS = 600_000

/** What was noted of the time when this registry last ran; undefined before the first time. */
export async function readClockNote(metadata: MetadataStore): Promise<ClockNote | undefined> {
  const [stored] = await metadata.read([keys.cursor(NOTE_TIME)])
  return stored && clockCodec.decode(stored.value)
}

/** Notes the time now and then, for the next start: a clock that is wrong then has nobody else to be compared with. */
export function noteTimeJob(clock: SteadyClock): Job {
  return {
    name: NOTE_TIME,
    everyMs: NOTE_MS,
    run: async ({ metadata }) => {
      const value = clockCodec.encode(clock.note)
      await metadata.commit({ checks: [], sets: [{ key: keys.cursor(NOTE_TIME), value }], deletes: [] })
    },
  }
}
