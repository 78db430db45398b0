import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { digestOf } from '../fixtures/image.ts'
import { RegistryClient } from '../servers/registry-client.ts'

const REPOSITORY = 'bench/garbage'
const AT_ONCE = 48
const GRACE_MS = 1000
/** Rounds in which nothing is due yet: bytes lie in the trash for two graces. */
const PATIENT_ROUNDS = 3

/** Everything is due a second after its last use, and nothing is collected before it is asked for. */
export const GARBAGE_SETTINGS = {
  LAMINA_GRACE: `${GRACE_MS}ms`,
  LAMINA_COLLECT_EVERY: '24h',
  LAMINA_SWEEP_EVERY: '24h',
  LAMINA_SNAPSHOT_EVERY: '0',
  LAMINA_INDEX_LAYERS: 'off',
  LAMINA_TOKEN_SECONDS: '3600',
} as const

/** One run of a job. */
export interface Run {
  readonly job: string
  readonly done: number
  readonly seconds: number
}

/** Pushes so many small blobs that no manifest refers to. */
export async function pushGarbage(url: string, count: number): Promise<void> {
  const client = new RegistryClient(url)
  const headers = { 'content-type': 'application/octet-stream' }
  await each(count, async (at) => {
    const body = Buffer.from(`garbage ${at}`)
    const path = `/v2/${REPOSITORY}/blobs/uploads/?digest=${digestOf(body)}`
    const { status } = await client.request('POST', path, { body, headers })
    if (status !== 201) throw new Error(`POST of a blob answered ${status}`)
  })
  client.close()
}

/** Lets the server collect until `count` blobs are removed from the store; the runs that did something. */
export async function collectEverything(url: string, count: number): Promise<readonly Run[]> {
  const client = new RegistryClient(url)
  const runs: Run[] = []
  let removed = 0
  let idle = 0
  while (removed < count) {
    await sleep(GRACE_MS + 100)
    const found = [await runJob(client, 'collection'), await runJob(client, 'empty-trash')]
    idle = found.every(({ done }) => done === 0) ? idle + 1 : 0
    if (idle === PATIENT_ROUNDS) throw new Error(`only ${removed} of ${count} blobs went`)
    for (const run of found) {
      if (run.job === 'empty-trash') removed += run.done
      if (run.done > 0) runs.push(run)
    }
  }
  client.close()
  return runs
}

const jobs = z.object({
  jobs: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      done: z.number(),
      started: z.iso.datetime().optional(),
      finished: z.iso.datetime().optional(),
      error: z.string().optional(),
    }),
  ),
})

/** Begins a run, and waits for its end. */
async function runJob(client: RegistryClient, job: string): Promise<Run> {
  const before = await statusOf(client, job)
  await client.request('POST', `/api/v1/maintenance/${job}/run`)
  for (;;) {
    await sleep(200)
    const { state, done, started = '', finished = '', error } = await statusOf(client, job)
    if (error !== undefined) throw new Error(`the run of ${job} failed: ${error}`)
    if (state !== 'waiting') continue
    // Nothing was due: no run began.
    if (started === before.started) return { job, done: 0, seconds: 0 }
    return { job, done, seconds: (Date.parse(finished) - Date.parse(started)) / 1000 }
  }
}

async function statusOf(client: RegistryClient, job: string) {
  const { body } = await client.request('GET', '/api/v1/maintenance')
  const found = jobs.parse(JSON.parse(body.toString())).jobs.find(({ name }) => name === job)
  if (found === undefined) throw new Error(`there is no job ${job}`)
  return found
}

async function each(count: number, act: (at: number) => Promise<void>): Promise<void> {
  const numbers = Array(count).keys()
  const worker = async (): Promise<void> => {
    for (const at of numbers) await act(at)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}
