import { randomUUID } from 'node:crypto'
import type { MetadataStore } from '../../../storage/metadata/metadata-store.ts'
import { transact } from '../../../storage/metadata/transact.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { KINDS, type Kind, keys } from '../../records/keys.ts'
import { arrivalCodec, type DepartureRecord, departureCodec } from '../../records/migration.ts'

/** Kinds that a store may hold before a registry was ever in it. */
const PREPARED: ReadonlySet<Kind> = new Set<Kind>(['migration', 'cluster'])

/** Why a move cannot do what was asked, in a sentence for who asked for it. */
export function refusal(message: string): RegistryError {
  return new RegistryError('CONFLICT', { message })
}

/** The stores that a server was given are the target of a move that is not complete. */
export class UnfinishedTarget extends Error {
  override readonly name = 'UnfinishedTarget'

  constructor() {
    super(
      'These stores are being filled by `lamina migrate` or `lamina restore`, which is not done: finish it (a migration with the old server running), or empty them.',
    )
  }
}

/** The move that a registry is in the middle of, or at the end of. */
export async function readDeparture(metadata: MetadataStore): Promise<DepartureRecord | undefined> {
  const [stored] = await metadata.read([keys.migration('source')])
  return stored && departureCodec.decode(stored.value)
}

/** The version of the source's mark, which is written once changes are in the outbox. Throws TypeError without one. */
export async function sourceVersion(metadata: MetadataStore): Promise<bigint> {
  const [stored] = await metadata.read([keys.migration('source')])
  if (stored === undefined) throw new TypeError('a move without a record')
  return stored.version
}

/**
 * Called by a server before it uses its stores. A complete target becomes a registry of its own: from then on the move
 * that filled it can write nothing to it. Throws UnfinishedTarget.
 */
export async function arrive(metadata: MetadataStore): Promise<void> {
  await transact(metadata, async (transaction) => {
    const mark = await transaction.getChecked(arrivalCodec, keys.migration('target'))
    if (mark?.value.phase === 'filling') throw new UnfinishedTarget()
    if (mark !== undefined) transaction.delete(mark.key)
  })
}

/**
 * Agrees with the target which move fills it: the one that was cut, or a new one into empty stores. Gives the record
 * that the source keeps of it. Throws CONFLICT.
 */
export async function agree(
  target: MetadataStore,
  before: DepartureRecord | undefined,
  wanted: { readonly name: string; readonly now: number },
): Promise<DepartureRecord> {
  const [mark] = await target.read([keys.migration('target')])
  const arrival = mark && arrivalCodec.decode(mark.value)
  if (before !== undefined && arrival?.id === before.id) return before
  if (before?.phase === 'moved')
    throw refusal(
      `This registry has already moved to ${before.target}. Start it there; nothing is written here any more.`,
    )
  if (arrival !== undefined || !(await isEmpty(target)))
    throw refusal(
      `The stores at ${wanted.name} are not empty: there is a registry in them, or another move began to fill them. Name empty ones.`,
    )
  const id = randomUUID()
  const value = arrivalCodec.encode({ id, phase: 'filling' })
  const key = keys.migration('target')
  const checks = [{ kind: 'version', key, version: undefined }] as const
  await target.commit({ checks, sets: [{ key, value }], deletes: [] })
  return { id, target: wanted.name, started: wanted.now, phase: 'copying' }
}

async function isEmpty(store: MetadataStore): Promise<boolean> {
  for (const { kind, prefix } of KINDS) {
    if (!PREPARED.has(kind) && (await store.range({ prefix, limit: 1 })).length > 0) return false
  }
  return true
}

/** Says in the target whether it is complete. Throws CONFLICT when a registry has started there meanwhile. */
export async function markTarget(
  target: MetadataStore,
  id: string,
  phase: 'filling' | 'ready',
): Promise<void> {
  await transact(target, async (transaction) => {
    const mark = await transaction.getChecked(arrivalCodec, keys.migration('target'))
    if (mark?.value.id !== id) throw refusal('The new stores are in use: a registry was started there.')
    transaction.set(arrivalCodec, mark.key, { id, phase })
  })
}

/** Says in the source how far its move is; undefined: there is none any more. */
export async function markSource(
  metadata: MetadataStore,
  record: DepartureRecord | undefined,
): Promise<void> {
  const key = keys.migration('source')
  await metadata.commit({
    checks: [],
    sets: record === undefined ? [] : [{ key, value: departureCodec.encode(record) }],
    deletes: record === undefined ? [key] : [],
  })
}
