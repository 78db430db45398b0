import type { Check, Commit, Entry, MetadataStore, Stored } from './metadata-store.ts'

/** What a driver hands to the contract for each case. */
export interface StoreUnderTest {
  readonly store: MetadataStore
  /** Closes the store and opens it again, as a restart does. */
  readonly reopen: () => Promise<MetadataStore>
  /** Closes whatever is open and removes all that was made for the case. */
  readonly close: () => Promise<void>
  /** Called after close: what is still there. */
  readonly leftovers: () => Promise<readonly string[]>
}

export interface Capabilities {
  /** What was committed is there after close and open. */
  readonly durable: boolean
}

export interface Deviation {
  /** Title of the case in the contract. */
  readonly title: string
  readonly reason: string
}

export interface ContractCase {
  readonly title: string
  readonly needs?: 'durable'
  readonly run: (opened: StoreUnderTest) => Promise<void>
}

/** Bytes of latin1 text: 'a\u00ff' is 61 ff. */
export function key(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}

/** The inverse of `key`. */
export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

/** A commit of what is given, keys as latin1 text. */
export function commitOf(parts: {
  readonly checks?: readonly Check[]
  readonly sets?: Readonly<Record<string, string>>
  readonly deletes?: readonly string[]
}): Commit {
  return {
    checks: parts.checks ?? [],
    sets: Object.entries(parts.sets ?? {}).map(([name, value]) => ({ key: key(name), value: key(value) })),
    deletes: (parts.deletes ?? []).map(key),
  }
}

/** The record under `name`, or undefined. */
export async function get(store: Pick<MetadataStore, 'read'>, name: string): Promise<Stored | undefined> {
  const [stored] = await store.read([key(name)])
  return stored
}

/** The version of the record under `name`, which must be there. */
export async function versionOf(store: Pick<MetadataStore, 'read'>, name: string): Promise<bigint> {
  const stored = await get(store, name)
  if (stored === undefined) throw new Error(`no record under '${name}'`)
  return stored.version
}

/** All that the store holds under `prefix`, as [key, value] texts in its order. */
export async function dump(store: Pick<MetadataStore, 'range'>, prefix = ''): Promise<[string, string][]> {
  const entries = await store.range({ prefix: key(prefix), limit: 100_000 })
  return entries.map((entry) => [text(entry.key), text(entry.value)])
}

/** Entries as a range check names them. */
function expected(entries: readonly Entry[]): { key: Uint8Array; version: bigint }[] {
  return entries.map(({ key, version }) => ({ key, version }))
}

export function rangeCheck(owner: string, prefix: string, entries: readonly Entry[] = []): Check {
  return { kind: 'range', owner: key(owner), prefix: key(prefix), entries: expected(entries) }
}

export function versionCheck(name: string, version: bigint | undefined): Check {
  return { kind: 'version', key: key(name), version }
}

export function existsCheck(name: string): Check {
  return { kind: 'exists', key: key(name) }
}
