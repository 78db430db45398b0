import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { keys } from '../records/keys.ts'
import { TupleReader } from '../records/tuple.ts'
import type { Metric } from './exposition.ts'

/** What is known of a job of background work. */
export interface JobState {
  readonly name: string
  readonly state: string
  /** Items done in the run that is under way, or in the last one. */
  readonly done: number
  /** Milliseconds since 1970. */
  readonly finished?: number
}

/** Queues are counted up to this length, so that asking costs little. */
const COUNTED = 1000

/** Follows background work: what the jobs did, and what waits in the queues that all replicas share. */
export class WorkMetrics {
  readonly #doneBefore = new Map<string, number>()
  #failures = 0

  /** A run of a job ended, having done so many items. */
  finished(job: string, done: number): void {
    this.#doneBefore.set(job, this.#done(job) + done)
  }

  /** Background work failed; the log says what. */
  failed(): void {
    this.#failures += 1
  }

  /** `jobs` as they are when it is called. */
  metrics(metadata: MetadataStore, jobs: () => readonly JobState[], now: () => number): Metric[] {
    return [
      {
        name: 'lamina_job_items_total',
        type: 'counter',
        help: 'Items that the background jobs of this process have done.',
        samples: () =>
          jobs().map(({ name, state, done }) => [
            { job: name },
            this.#done(name) + (state === 'running' ? done : 0),
          ]),
      },
      {
        name: 'lamina_job_finished_timestamp_seconds',
        type: 'gauge',
        help: 'When a job last ended a run in this process; 0 when it has not yet.',
        samples: () => jobs().map(({ name, finished = 0 }) => [{ job: name }, finished / 1000]),
      },
      {
        name: 'lamina_background_failures_total',
        type: 'counter',
        help: 'Failures of background work, each with a line in the log.',
        samples: () => [[{}, this.#failures]],
      },
      ...queueMetrics(metadata, now),
    ]
  }

  #done(job: string): number {
    return this.#doneBefore.get(job) ?? 0
  }
}

function queueMetrics(metadata: MetadataStore, now: () => number): Metric[] {
  const count = async (prefix: Uint8Array) => (await metadata.range({ prefix, limit: COUNTED })).length
  return [
    {
      name: 'lamina_collection_delay_seconds',
      type: 'gauge',
      help: 'How long the oldest entry of a queue has been due: `review` looks at what may be unused, `trash` gives space back.',
      samples: async () => [
        [{ queue: 'review' }, await delay(metadata, keys.reviews(), now())],
        [{ queue: 'trash' }, await delay(metadata, keys.allTrash(), now())],
      ],
    },
    {
      name: 'lamina_index_queue_layers',
      type: 'gauge',
      help: `Layers that wait for their index or get it now; at most ${COUNTED} are counted.`,
      samples: async () => [[{}, await count(keys.indexQueues())]],
    },
    {
      name: 'lamina_damaged_blobs',
      type: 'gauge',
      help: `Blobs in quarantine until they are pushed again; at most ${COUNTED} are counted.`,
      samples: async () => [[{}, await count(keys.allDamaged())]],
    },
  ]
}

/** Both queues begin their keys with the time at which an entry is due. */
async function delay(metadata: MetadataStore, prefix: Uint8Array, now: number): Promise<number> {
  const [first] = await metadata.range({ prefix, limit: 1 })
  if (first === undefined) return 0
  return Math.max(0, now - Number(new TupleReader(first.key).uint64())) / 1000
}
