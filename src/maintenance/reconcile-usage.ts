import type { MetadataSnapshot, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { contentCodec } from '../records/blob.ts'
import { keyAfterPrefix, keys } from '../records/keys.ts'
import { pagesOf } from '../records/pages.ts'
import { TupleReader } from '../records/tuple.ts'
import { noteUsage, usageOf } from '../registry/usage.ts'
import type { Job, JobParts } from './job.ts'

const DAY = 24 * 3_600_000
const PAGE = 250

/** Compares what projects are said to hold with what they are charged for, and notes the difference. */
export const reconcileUsageJob: Job = {
  name: 'reconcile-usage',
  everyMs: DAY,
  run: async (parts, signal) => {
    const projects = new Set<string>()
    for await (const project of projectsUnder(parts.metadata, keys.allCharges(), keys.charges))
      projects.add(project)
    for await (const project of projectsUnder(parts.metadata, keys.allUsages(), keys.usages))
      projects.add(project)
    for (const project of projects) {
      if (signal.aborted) return
      await parts.attempt(`project '${project}'`, () => reconcile(parts, project, signal))
      await parts.rest()
    }
  },
}

/** Both sides are read at one moment; what changes afterwards changes both, so the difference stays true. */
async function reconcile(parts: JobParts, project: string, signal: AbortSignal): Promise<void> {
  const snapshot = await parts.metadata.snapshot()
  let difference: number
  try {
    difference = (await chargedTo(snapshot, project, parts, signal)) - (await usageOf(snapshot, project))
  } finally {
    await snapshot.close()
  }
  if (difference === 0 || signal.aborted) return
  parts.progress(1)
  await transact(parts.metadata, async (transaction) => {
    noteUsage(transaction, project, difference)
    await Promise.resolve()
  })
}

async function chargedTo(
  snapshot: MetadataSnapshot,
  project: string,
  parts: JobParts,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0
  for await (const page of pagesOf(snapshot, { prefix: keys.charges(project), limit: PAGE })) {
    for (const { value } of page) bytes += contentCodec.decode(value).size
    await parts.pace()
    if (signal.aborted) break
  }
  return bytes
}

/** The projects that keys under `all` begin with: one seek for each. */
async function* projectsUnder(
  metadata: MetadataStore,
  all: Uint8Array,
  of: (project: string) => Uint8Array,
): AsyncGenerator<string> {
  let from = all
  for (;;) {
    const [first] = await metadata.range({ prefix: all, from, limit: 1 })
    if (first === undefined) return
    const project = new TupleReader(first.key).text()
    yield project
    from = keyAfterPrefix(of(project))
  }
}
