import type { MessagePort } from 'node:worker_threads'
import type { BlobStore } from '../../../storage/blobs/blob-store.ts'
import type { BesideTicket, MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import type { KeepingParts } from '../../registry/parts.ts'
import { collect } from '../collection.ts'
import { emptyTrash } from '../empty-trash.ts'
import { Failures } from '../failures.ts'
import type { WorkParts } from '../job.ts'
import { SteadyClock } from '../steady-clock.ts'
import type { AsideJob, FromThread, RunNews, RunOrder, ToThread } from './messages.ts'

/** Milliseconds of work after which the thread looks whether it is told something. */
const TURN_MS = 5

/** What the thread opens. */
export interface AsideStores {
  readonly openMetadata: (ticket: BesideTicket) => Promise<MetadataStore>
  readonly blobs: Pick<BlobStore, 'removeMany'>
}

interface RunParts extends WorkParts {
  readonly registry: KeepingParts
  readonly blobs: AsideStores['blobs']
}

const RUNS: Readonly<Record<AsideJob, (parts: RunParts, signal: AbortSignal) => Promise<void>>> = {
  collection: collect,
  'empty-trash': emptyTrash,
}

/** The other side of job-thread.ts. */
export function answerJobs(port: MessagePort, stores: AsideStores): void {
  const stopping = new Map<number, AbortController>()
  const tell = (message: FromThread): void => port.postMessage(message)
  const answer = async (id: number, order: RunOrder): Promise<void> => {
    const controller = new AbortController()
    stopping.set(id, controller)
    try {
      await run(order, { stores, signal: controller.signal, tell: (news) => tell({ id, ...news }) })
      tell({ kind: 'ended', id, error: undefined })
    } catch (error) {
      tell({ kind: 'ended', id, error: error ?? new Error('a run failed without a reason') })
    } finally {
      stopping.delete(id)
    }
  }
  port.on('message', (message: ToThread) => {
    if (message.kind === 'stop') stopping.get(message.id)?.abort()
    else void answer(message.id, message.order)
  })
}

interface Surroundings {
  readonly stores: AsideStores
  readonly signal: AbortSignal
  readonly tell: (news: RunNews) => void
}

async function run({ job, ticket, settings, now: begun }: RunOrder, around: Surroundings): Promise<void> {
  const { stores, signal, tell } = around
  const now = clockFrom(begun)
  const metadata = await stores.openMetadata(ticket)
  try {
    const onError = (error: unknown, what: string) => tell({ kind: 'failed', error, what })
    const failures = await Failures.load({ metadata, now, onError }, job)
    await RUNS[job](
      {
        metadata,
        now,
        registry: { metadata, now, settings },
        blobs: stores.blobs,
        attempt: (item, work) => failures.attempt(item, work, signal),
        progress: (done) => tell({ kind: 'progress', done }),
        ...turns(),
      },
      signal,
    )
  } finally {
    await metadata.close()
  }
}

/** The clock of who gave the order, from then on: back when the machine's clock goes back, and never forward with it. */
function clockFrom(begun: number): () => number {
  const ahead = begun - Date.now()
  return new SteadyClock({
    wall: () => Date.now() + ahead,
    passed: () => performance.now(),
    hold: Number.POSITIVE_INFINITY,
  }).now
}

/** Nobody waits for this thread but those who tell it to stop, or that the store is to be closed. */
function turns(): Pick<WorkParts, 'pace' | 'rest'> {
  let rested = performance.now()
  const rest = async (): Promise<void> => {
    if (performance.now() - rested < TURN_MS) return
    await new Promise((resolve) => setImmediate(resolve))
    rested = performance.now()
  }
  return { rest, pace: rest }
}
