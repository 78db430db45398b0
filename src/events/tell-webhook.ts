import { createHmac } from 'node:crypto'
import type { Entry } from '../../storage/metadata/metadata-store.ts'
import type { Job, JobParts } from '../maintenance/job.ts'
import { type EventRecord, eventCodec } from '../records/event.ts'
import { keys } from '../records/keys.ts'
import { manifestCodec } from '../records/manifest.ts'
import { pagesOf } from '../records/pages.ts'

/** Who is told of what happens to tags. */
export interface Webhook {
  readonly url: string
  /** Signs what is sent. */
  readonly secret: string | undefined
  /** Where clients reach this registry; undefined when only their requests say so. */
  readonly origin: string | undefined
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE
/** An answer that takes longer is none. */
const PATIENCE_MS = 10 * SECOND
const PAUSE_MS = 10 * SECOND
const LONGEST_WAIT_MS = 5 * MINUTE
const PAGE = 100

/** As distribution's notifications are: programs that take those take ours. */
const TYPE = 'application/vnd.docker.distribution.events.v1+json'

/**
 * Tells the webhook of each event, in order, until it was taken: more than once where an answer is lost. Events wait for it
 * for a day. Without a webhook those that were noted before are forgotten.
 */
export function webhookJob(webhook: Webhook | undefined): Job {
  let pausedUntil = 0
  return {
    name: 'webhook',
    everyMs: webhook === undefined ? 60 * MINUTE : SECOND,
    longestWaitMs: LONGEST_WAIT_MS,
    isDue: async ({ metadata, now }) =>
      now() >= pausedUntil && (await metadata.range({ prefix: keys.events(), limit: 1 })).length > 0,
    run: async (parts, signal) => {
      const told = await parts.attempt('events', () => tellAll(parts, webhook, signal).then(() => true))
      // A run takes and leaves a lease, which are commits: while nobody may be told that is not worth one each second.
      if (told !== true) pausedUntil = parts.now() + PAUSE_MS
    },
  }
}

async function tellAll(parts: JobParts, webhook: Webhook | undefined, signal: AbortSignal): Promise<void> {
  let late = 0
  for await (const page of pagesOf(parts.metadata, { prefix: keys.events(), limit: PAGE }))
    for (const entry of page) {
      if (signal.aborted) return
      const event = eventCodec.decode(entry.value)
      const isLate = event.at + DAY < parts.now()
      if (webhook !== undefined && !isLate) await tell(webhook, await bodyOf(parts, webhook, event), signal)
      await forget(parts, entry)
      if (isLate) late += 1
      else parts.progress(1)
    }
  if (webhook !== undefined && late > 0)
    throw new Error(`LAMINA_WEBHOOK did not take ${late} events within a day; they are forgotten`)
}

function forget({ metadata }: JobParts, { key }: Entry): Promise<void> {
  return metadata.commit({ checks: [], sets: [], deletes: [key] })
}

/** Rejects when it was not taken. */
async function tell({ url, secret }: Webhook, body: string, signal: AbortSignal): Promise<void> {
  const where = `LAMINA_WEBHOOK at ${new URL(url).origin}`
  const signed = secret === undefined ? {} : { 'x-lamina-signature-256': `sha256=${sign(secret, body)}` }
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': TYPE, ...signed },
    body,
    // What leads elsewhere would turn the POST into a GET, and show what happened to whoever is there.
    redirect: 'manual',
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
  }).catch((error: unknown) => {
    throw new Error(`${where} did not answer: ${reasonOf(error)}`, { cause: error })
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`${where} answered ${response.status}; events wait for it for a day`)
}

function sign(secret: string, body: string): string {
  return createHmac('sha256', secret).update(body).digest('hex')
}

/** Node says "fetch failed", and why in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}

async function bodyOf({ metadata }: JobParts, { origin }: Webhook, event: EventRecord): Promise<string> {
  const { id, action, name, repo, tag, digest, at, by } = event
  const [stored] = await metadata.read([keys.manifest(repo, digest)])
  const { mediaType, size } = stored === undefined ? {} : manifestCodec.decode(stored.value)
  const target = {
    ...(mediaType !== undefined && { mediaType, size, length: size }),
    digest,
    repository: name,
    ...(origin !== undefined && { url: `${origin}/v2/${name}/manifests/${digest}` }),
    tag,
  }
  const timestamp = new Date(at).toISOString()
  return JSON.stringify({ events: [{ id, timestamp, action, target, actor: { name: by } }] })
}
