import { LRUCache } from 'lru-cache'
import {
  type Check,
  type Entry,
  MetadataConflict,
  type MetadataStore,
} from '../../storage/metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import { keys, type RepositoryId } from '../records/keys.ts'
import { readChargeKey } from '../records/read-key.ts'
import { readReviewKey, subjectText } from '../records/review.ts'
import type { FsckParts } from './fsck-parts.ts'
import { type Problem, type RecordView, RULES, readChildren } from './fsck-rules.ts'
import { checkUsage } from './fsck-usage.ts'
import { recordsOf } from './records-of.ts'
import { repositoryNames } from './repository-names.ts'
import { foundOf } from './side-by-side.ts'

/**
 * Records that are looked at at the same time: what they ask of a database shares its statements. The bodies of so many
 * manifests are read.
 */
const AT_ONCE = 100
const REMEMBERED_CHILDREN = 200_000

/** Compares records with each other, as they were at one moment, so that pushes meanwhile are no problems. */
export async function checkRecords(parts: FsckParts): Promise<void> {
  const snapshot = await parts.metadata.snapshot()
  try {
    const known = await knownAlready(parts, snapshot)
    const view: RecordView = {
      ...known,
      childrenOf: rememberChildren(snapshot),
      read: (wanted) => snapshot.read(wanted),
      range: (query) => snapshot.range(query),
    }
    for (const { kind, check } of RULES)
      for await (const [entry, problems] of foundOf(recordsOf(snapshot, kind), AT_ONCE, (one) =>
        check(one, view),
      )) {
        parts.signal.throwIfAborted()
        await parts.looked('records')
        for (const problem of problems) {
          const mended = parts.repair && (await mend(parts, { entry, check, problem, known }))
          parts.report(problem, mended)
        }
      }
    await checkUsage(parts, snapshot)
  } finally {
    await snapshot.close()
  }
}

/** Of one moment. Each entry of a manifest asks what all of them are, and one may have tens of thousands. */
function rememberChildren(view: Pick<RecordView, 'read'>): RecordView['childrenOf'] {
  const recent = new LRUCache<string, ReadonlySet<Digest>, { repo: RepositoryId; parent: Digest }>({
    maxSize: REMEMBERED_CHILDREN,
    sizeCalculation: ({ size }) => size + 1,
    fetchMethod: (_, __, { context: { repo, parent } }) => readChildren(view, repo, parent),
  })
  return async (repo, parent) =>
    (await recent.fetch(`${repo} ${parent}`, { context: { repo, parent } })) ?? new Set()
}

type Known = Omit<RecordView, 'read' | 'range' | 'childrenOf'>

/** What the rules ask for too often to read it each time: repositories, and what is queued for the collector. */
async function knownAlready(parts: FsckParts, store: Pick<MetadataStore, 'range'>): Promise<Known> {
  const names = await repositoryNames(store)
  const reviewed = new Set<string>()
  for await (const { key } of recordsOf(store, 'review')) {
    const { kind, repo, digest } = readReviewKey(key)
    // Of deleted manifests there is an entry for months, and it is none of the blob that may have the same digest.
    if (digest === undefined || (kind !== 'link' && kind !== 'blob')) continue
    reviewed.add(reviewName(digest, kind === 'link' ? repo : undefined))
  }
  return {
    nameOf: (repo) => names.get(repo),
    isReviewed: (digest, repo) => reviewed.has(reviewName(digest, repo)),
    reviewAt: parts.now() + parts.grace,
  }
}

const NO_REPOSITORY = '0000000000000000'

/** In bytes rather than digits: there may be millions. */
function reviewName(digest: Digest, repo: RepositoryId | undefined): string {
  return subjectText(keys.review(0, repo === undefined ? 'blob' : 'link', repo ?? NO_REPOSITORY, digest))
}

interface Suspect {
  readonly entry: Entry
  readonly check: (entry: Entry, view: RecordView) => Promise<readonly Problem[]>
  readonly problem: Problem
  readonly known: Known
}

/** Looks again at the records of now, and mends in a commit that checks everything it looked at. */
async function mend({ metadata }: FsckParts, suspect: Suspect): Promise<boolean> {
  const { entry, check, problem, known } = suspect
  const checks: Check[] = [{ kind: 'version', key: entry.key, version: entry.version }]
  const read: RecordView['read'] = async (wanted) => {
    const found = await metadata.read(wanted)
    for (const [index, key] of wanted.entries())
      checks.push({ kind: 'version', key, version: found[index]?.version })
    return found
  }
  const view: RecordView = {
    ...known,
    read,
    childrenOf: (repo, parent) => readChildren({ read }, repo, parent),
    range: (query) => metadata.range(query),
  }
  const still = (await check(entry, view)).find((one) => one.problem === problem.problem)
  if (still?.sets === undefined && still?.deletes === undefined) return false
  const { sets = [], deletes = [] } = still
  try {
    await metadata.commit({ checks: [...checks, ...ownerChecks(problem, entry)], sets, deletes })
    return true
  } catch (error) {
    // Somebody changed it meanwhile: the next run sees what became of it.
    if (error instanceof MetadataConflict) return false
    throw error
  }
}

/** A charge goes only under its project's empty range of holders, which the blob's record guards. */
function ownerChecks(problem: Problem, { key }: Entry): Check[] {
  if (key[0] !== keys.all('charge')[0] || problem.deletes === undefined) return []
  const { project, sha256 } = readChargeKey(key)
  const prefix = keys.holdersInProject(sha256, project)
  return [{ kind: 'range', owner: keys.blob(sha256), prefix, entries: [] }]
}
