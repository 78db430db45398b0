import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import { afterEach, expect, it, vi } from 'vitest'
import type { Beside } from '../../../storage/metadata/metadata-store.ts'
import { JobThread } from './job-thread.ts'

/** Ends a run of the time 0 at once, and any other when it is told to. */
const THREAD = `
import { parentPort } from 'node:worker_threads'
parentPort.on('message', ({ kind, id, order }) => {
  if (kind === 'stop' || order.now === 0) parentPort.postMessage({ kind: 'ended', id, error: undefined })
})`
const LONGER_THAN_IDLE_MS = 60_000

afterEach(() => {
  vi.useRealTimers()
})

it('that ends because it had nothing to do takes no run of the next one along', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const module = new URL(`data:text/javascript,${encodeURIComponent(THREAD)}`)
  const thread = new JobThread({ module, onError: () => undefined })
  let ended = 0
  const beside: () => Beside = () => ({
    ticket: { place: '', port: new MessageChannel().port2 },
    ended: () => void (ended += 1),
  })
  const run = (now: number, signal: AbortSignal): Promise<void> => {
    const order = { job: 'collection', settings: { grace: 0, trashDelay: 0 }, now } as const
    return thread.run(order, { beside: beside(), progress: () => undefined, signal })
  }
  await run(0, new AbortController().signal)
  vi.advanceTimersByTime(LONGER_THAN_IDLE_MS)
  const stopping = new AbortController()
  const second = run(1, stopping.signal)
  vi.useRealTimers()
  // The first thread ends meanwhile.
  await Promise.race([sleep(500), second])
  expect(ended).toBe(1)
  stopping.abort()
  await second
  await thread.stop()
})
