import type { MetadataSnapshot, MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { contentCodec } from '../records/blob.ts'
import { keyAfterPrefix, keys } from '../records/keys.ts'
import { pagesOf } from '../records/pages.ts'
import { usageCodec } from '../records/review.ts'
import { TupleReader } from '../records/tuple.ts'
import { noteUsage, usageOf } from '../registry/usage.ts'
import type { Job, JobParts } from './job.ts'
import { recordsOf } from './records-of.ts'

const MINUTE = 60_000
/** Records that one commit folds. */
const AT_ONCE = 250
const PAGE = 250

/** Folds what projects gained and lost into one sum for each, so that reading a usage stays cheap. */
export const foldUsageJob: Job = {
  name: 'fold-usage',
  everyMs: MINUTE,
  isDue: async ({ metadata }) => (await projectsToFold(metadata).next()).done !== true,
  run: async (parts, signal) => {
    for await (const project of projectsToFold(parts.metadata)) {
      if (signal.aborted) return
      await parts.attempt(`project '${project}'`, () => foldAll(parts, project))
      await parts.pace()
    }
  },
}

/** Projects with more than one record. In one walk: to look at tens of thousands one by one takes seconds, each minute. */
async function* projectsToFold(metadata: MetadataStore): AsyncGenerator<string> {
  let [before, given]: (string | undefined)[] = []
  for await (const { key } of recordsOf(metadata, 'usage')) {
    const project = new TupleReader(key).text()
    if (project === before && project !== given) {
      given = project
      yield project
    }
    before = project
  }
}

async function foldAll(parts: JobParts, project: string): Promise<void> {
  for (;;) {
    const folded = await transact(parts.metadata, async (transaction) => {
      const sum = keys.usage(project, '')
      const page = await transaction.range({ prefix: keys.usages(project), limit: AT_ONCE })
      if (page.length < 2) return 0
      transaction.checkVersion(sum, page.find(({ key }) => Buffer.compare(key, sum) === 0)?.version)
      let bytes = 0
      for (const { key, version, value } of page) {
        bytes += usageCodec.decode(value).bytes
        transaction.checkVersion(key, version)
        transaction.delete(key)
      }
      if (bytes !== 0) transaction.set(usageCodec, sum, { bytes })
      return page.length
    })
    parts.progress(folded)
    if (folded < AT_ONCE) return
  }
}

/** Compares what projects are said to hold with what they are charged for, and notes the difference. */
export const reconcileUsageJob: Job = {
  name: 'reconcile-usage',
  everyMs: 24 * 60 * MINUTE,
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
