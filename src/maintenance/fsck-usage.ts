import { randomBytes } from 'node:crypto'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import { contentCodec } from '../records/blob.ts'
import { keys } from '../records/keys.ts'
import { usageCodec } from '../records/review.ts'
import { TupleReader } from '../records/tuple.ts'
import type { FsckParts } from './fsck-parts.ts'
import { recordsOf } from './records-of.ts'

/**
 * Compares what each project is said to hold with what it holds. What mends it is a difference, as a push notes one:
 * so it is right whatever was pushed since the snapshot.
 */
export async function checkUsage(
  parts: FsckParts,
  snapshot: Pick<MetadataStore, 'range' | 'read'>,
): Promise<void> {
  const said = new Map<string, number>()
  for await (const { key, value } of recordsOf(snapshot, 'usage'))
    add(said, new TupleReader(key).text(), usageCodec.decode(value).bytes)
  const held = await bytesHeld(snapshot)
  for (const project of new Set([...said.keys(), ...held.keys()])) {
    const bytes = (held.get(project) ?? 0) - (said.get(project) ?? 0)
    const [exists] = await snapshot.read([keys.project(project)])
    if (bytes === 0 || exists === undefined) continue
    const key = keys.usage(project, randomBytes(8).toString('hex'))
    const sets = [{ key, value: usageCodec.encode({ bytes }) }]
    if (parts.repair) await parts.metadata.commit({ checks: [], sets, deletes: [] })
    const what = `${project}: ${bytes > 0 ? `${bytes} bytes too few` : `${-bytes} bytes too many`}`
    parts.report({ problem: 'the usage of a project is not what it holds', what }, parts.repair)
  }
}

/** Each content once for a project, however many repositories of it hold it: holders are in order of content. */
async function bytesHeld(snapshot: Pick<MetadataStore, 'range'>): Promise<Map<string, number>> {
  const held = new Map<string, number>()
  let last = ''
  for await (const { key, value } of recordsOf(snapshot, 'holder')) {
    const reader = new TupleReader(key)
    const [sha256, project] = [reader.digest(), reader.text()]
    const content = `${sha256} ${project}`
    if (content !== last) add(held, project, contentCodec.decode(value).size)
    last = content
  }
  return held
}

function add(sums: Map<string, number>, project: string, bytes: number): void {
  sums.set(project, (sums.get(project) ?? 0) + bytes)
}
