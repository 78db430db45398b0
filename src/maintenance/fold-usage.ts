import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { transact } from '../../storage/metadata/transact.ts'
import { keys } from '../records/keys.ts'
import { usageCodec } from '../records/review.ts'
import { TupleReader } from '../records/tuple.ts'
import type { Job, JobParts } from './job.ts'
import { recordsOf } from './records-of.ts'

const MINUTE = 60_000
/** Records that one commit folds. */
const AT_ONCE = 250

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
