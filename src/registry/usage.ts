import { randomBytes } from 'node:crypto'
import type { MetadataStore } from '../../storage/metadata/metadata-store.ts'
import type { Transaction } from '../../storage/metadata/transact.ts'
import { RegistryError } from '../oci/registry-error.ts'
import { keyAfter, keys } from '../records/keys.ts'
import { policyCodec } from '../records/policy.ts'
import { usageCodec } from '../records/review.ts'

/** Records that are added up in one turn of the event loop. */
const PAGE = 250

interface Note {
  readonly key: Uint8Array
  bytes: number
}

/** What a commit notes of each project: of many changes, one sum. */
const noted = new WeakMap<Transaction, Map<string, Note>>()

/**
 * Notes bytes that a project gained or lost, in the commit that changes its charges. A record of its own: one counter
 * that all pushes of a project write would be a conflict for each of them.
 */
export function noteUsage(transaction: Transaction, project: string, bytes: number): void {
  if (bytes === 0) return
  const notes = noted.get(transaction) ?? new Map<string, Note>()
  noted.set(transaction, notes)
  const note = notes.get(project) ?? { key: keys.usage(project, randomBytes(8).toString('hex')), bytes: 0 }
  note.bytes += bytes
  notes.set(project, note)
  transaction.set(usageCodec, note.key, { bytes: note.bytes })
}

/** Bytes of distinct content that a project holds. */
export async function usageOf(metadata: Pick<MetadataStore, 'range'>, project: string): Promise<number> {
  const prefix = keys.usages(project)
  let from = prefix
  let bytes = 0
  for (;;) {
    const page = await metadata.range({ prefix, from, limit: PAGE })
    for (const entry of page) bytes += usageCodec.decode(entry.value).bytes
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return bytes
    from = keyAfter(end.key)
  }
}

/**
 * Refuses what would take the project beyond its quota. Pushes that run at the same time do not see each other: a
 * project can end above its quota by what they carry. Throws DENIED, a policy and not a matter of rights.
 */
export async function checkQuota(metadata: MetadataStore, project: string, more: number): Promise<void> {
  const [stored] = await metadata.read([keys.policy(project)])
  const quota = stored && policyCodec.decode(stored.value).quotaBytes
  if (quota === undefined) return
  const used = await usageOf(metadata, project)
  if (used + more <= quota && used < quota) return
  throw new RegistryError('DENIED', {
    message: `project '${project}' holds ${size(used)} of its quota of ${size(quota)}, and has no room for ${more === 0 ? 'more' : `${size(more)} more`}; delete images (their space comes back after the grace time) or ask an administrator for a larger quota`,
    detail: { quota, used, needed: more },
  })
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** As people read it: `1.5 GiB`. */
function size(bytes: number): string {
  const step = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1)
  const value = bytes / 1024 ** step
  return `${step === 0 ? value : value.toFixed(1)} ${UNITS[step] ?? ''}`
}
