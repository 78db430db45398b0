import { z } from 'zod'
import type { ApiClient } from './api-client.ts'
import type { Output } from './command.ts'
import { bytes, table } from './table.ts'

const use = z.object({
  manifest: z.string(),
  tags: z.array(z.string()),
  deletedUntil: z.string().optional(),
})
const holder = z.object({
  project: z.string(),
  repository: z.string().optional(),
  sparedUntil: z.string(),
  uses: z.array(use),
})
const here = z.object({
  size: z.number(),
  tags: z.array(z.object({ tag: z.string(), immutable: z.string().optional() })),
  parents: z.array(use),
  subject: z.string().optional(),
  subjectIsHere: z.boolean().optional(),
  keptBy: z.string().optional(),
  verdict: z.object({ action: z.string(), reason: z.string(), until: z.string().optional() }),
})
const deleted = z.object({
  at: z.string(),
  by: z.string(),
  policy: z.string().optional(),
  tags: z.array(z.string()),
  restorable: z.boolean(),
  until: z.string(),
})
const explanation = z.object({
  digest: z.string(),
  size: z.number().optional(),
  damagedSince: z.string().optional(),
  holders: z.array(holder),
  madeOf: z.array(z.string()),
  snapshotOf: z.string().optional(),
  manifests: z.array(
    z.object({ repository: z.string(), here: here.optional(), deleted: deleted.optional() }),
  ),
  uploads: z.array(
    z.object({ repository: z.string(), account: z.string(), finished: z.boolean(), expires: z.string() }),
  ),
  trash: z.array(z.object({ repository: z.string().optional(), at: z.string(), until: z.string() })),
  heldByBackup: z.boolean(),
  waiting: z.array(
    z.object({ repository: z.string(), due: z.string(), action: z.string(), reason: z.string() }),
  ),
})
type Explanation = z.infer<typeof explanation>

/** Where, what, and what else there is to say of it. */
type Row = readonly [string, string, string]

/** What keeps a blob or a manifest, or what became of it. */
export async function explain(api: ApiClient, digest: string): Promise<Output> {
  const value = await api.call(explanation, 'GET', `/api/v1/collection/why/${encodeURIComponent(digest)}`)
  const rows = [
    ...value.manifests.flatMap(manifestRows),
    ...value.holders.flatMap(holderRows),
    ...value.madeOf.map(
      (layer): Row => ['', `layer ${layer}`, 'what the inspector made of it; goes with it'],
    ),
    ...(value.snapshotOf === undefined
      ? []
      : [['', 'a copy of the records', `taken on ${value.snapshotOf}; the last seven are kept`] as const]),
    ...value.uploads.map(uploadRow),
    ...value.trash.map((bytes) => trashRow(bytes, value.heldByBackup)),
    ...value.waiting.map(waitingRow),
  ]
  const list = table(
    ['WHERE', 'WHAT', 'NOTE'],
    rows,
    'No repository holds it, and nothing waits for it: `lamina fsck --repair` queues it.',
  )
  return { value, text: `${title(value)}\n${list}` }
}

function title({ digest, size, manifests, damagedSince, snapshotOf }: Explanation): string {
  const kinds = [
    ...(snapshotOf === undefined ? [] : ['a copy of the records']),
    ...(manifests.some((one) => one.here !== undefined) ? ['a manifest'] : []),
    ...(size === undefined ? [] : [`a blob of ${bytes(size)}`]),
  ]
  const what = kinds.length === 0 ? 'not here any more' : kinds.join(', and ')
  const damage = damagedSince === undefined ? '' : `, damaged since ${damagedSince}: push it again`
  return `${digest}: ${what}${damage}`
}

function manifestRows({ repository, here, deleted }: Explanation['manifests'][number]): Row[] {
  if (deleted !== undefined) return [[repository, 'a deleted manifest', howDeleted(deleted)]]
  if (here === undefined) return []
  const { tags, parents, subject, subjectIsHere, keptBy, verdict } = here
  const rows: Row[] = [
    ...tags.map(({ tag, immutable }): Row => {
      const note = immutable === undefined ? '' : `immutable, like \`${immutable}\``
      return [repository, `tag ${tag}`, note]
    }),
    ...parents.map((parent): Row => [repository, `index ${parent.manifest}`, noteOn(parent)]),
    ...(keptBy === undefined ? [] : [[repository, 'a mark to keep it', `by ${keptBy}`] as const]),
    ...(subject === undefined
      ? []
      : [[repository, `its subject ${subject}`, subjectIsHere === true ? '' : 'not here'] as const]),
  ]
  const until = verdict.until === undefined ? '' : `, until ${verdict.until}`
  const fate = { kept: 'stays', later: 'stays for now', removed: 'will go' }[verdict.action] ?? verdict.action
  return [...rows, [repository, fate, `${verdict.reason}${until}`]]
}

function howDeleted({ at, by, policy, tags, restorable, until }: z.infer<typeof deleted>): string {
  const who = policy === undefined ? `by ${by}` : `by the retention rule '${policy}'`
  const tagged = tags.length === 0 ? '' : `, with ${tags.join(', ')}`
  const back = restorable ? `can be restored until ${until}` : `could be restored until ${until}`
  return `deleted ${who} on ${at}${tagged}; ${back}`
}

function holderRows({ project, repository, sparedUntil, uses }: Explanation['holders'][number]): Row[] {
  const where = repository ?? `a deleted repository of ${project}`
  if (uses.length === 0)
    return [[where, 'no manifest', `a client was told that it is here; spared until ${sparedUntil}`]]
  return uses.map((one) => [where, `manifest ${one.manifest}`, noteOn(one)])
}

function noteOn({ tags, deletedUntil }: z.infer<typeof use>): string {
  const tagged = tags.length === 0 ? '' : `tagged ${tags.join(', ')}`
  return deletedUntil === undefined ? tagged : `deleted, can be restored until ${deletedUntil}`
}

function uploadRow({ repository, account, finished, expires }: Explanation['uploads'][number]): Row {
  const note = finished ? `closed; its record goes at ${expires}` : `under way; expires at ${expires}`
  return [repository, `an upload of ${account}`, note]
}

function trashRow({ repository = '', at, until }: Explanation['trash'][number], held: boolean): Row {
  const end = held ? 'stay while a backup is under way' : `are removed at ${until}`
  return [repository, 'the trash', `collected on ${at}, as no repository held it; its bytes ${end}`]
}

function waitingRow({ repository, due, action, reason }: Explanation['waiting'][number]): Row {
  return [repository, 'the collector’s queue', `looked at ${due}: ${action}, ${reason}`]
}
