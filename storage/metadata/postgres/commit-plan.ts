import { type Check, type Commit, RANGE_CHECK_LIMIT } from '../metadata-store.ts'
import { byteaArray, int8Array } from './array-parameters.ts'
import { keyText, prefixEnd } from './key-order.ts'
import { rangeStatement, type Statement, type StepKind, stepStatement, type Table } from './statements.ts'

/** One statement of a commit, in the order in which they run. Holds copies of the caller's bytes. */
export interface Step {
  readonly statement: Statement
  readonly values: readonly (Buffer | number)[]
  /** How many rows it has to touch for its checks to hold; undefined: any number. */
  readonly expected: number | undefined
  /** What a range has to hold, in order. */
  readonly entries?: readonly { readonly key: string; readonly version: bigint }[]
}

/** A commit as statements. `steps` is undefined when its own checks contradict each other: it can only conflict. */
export interface Plan {
  readonly steps: readonly Step[] | undefined
  readonly writes: boolean
}

export type TableOf = (key: Uint8Array) => Table

/** What a commit says of one key. */
interface Item {
  readonly key: Uint8Array
  readonly table: Table
  check: 'exists' | 'absent' | bigint | undefined
  contradicted: boolean
  isOwner: boolean
  write: 'none' | 'set' | 'delete'
  value: Uint8Array
}

const NOTHING = new Uint8Array(0)
const ANY = -1n

/**
 * Plans the statements: owners of ranges are locked first, then the ranges read in statements of their own, then all
 * other keys in the order of their bytes, so that commits wait for each other in one direction only.
 * Throws TypeError as MetadataStore.commit does.
 */
export function planCommit(commit: Commit, tableOf: TableOf): Plan {
  const items = itemsOf(commit, tableOf)
  const writes = commit.sets.length + commit.deletes.length > 0
  if (items.some(({ contradicted }) => contradicted)) return { steps: undefined, writes }
  const owners = items.filter(({ isOwner }) => isOwner)
  const reserved = items.filter((item) => leavesReservation(item))
  const steps = [
    ...owners.flatMap((owner) => stepsOf([owner], locksOfOwner(owner))),
    ...commit.checks.flatMap((check) => (check.kind === 'range' ? rangeSteps(check, tableOf) : [])),
    ...inRuns(items).flatMap((run) => stepsOf(run, actionsOf(run[0]))),
    ...inRuns(reserved).flatMap((run) => stepsOf(run, [{ kind: 'release', counts: false }])),
  ]
  return { steps, writes }
}

/** Everything that is said of each key, in key order. */
function itemsOf(commit: Commit, tableOf: TableOf): Item[] {
  const items = new Map<string, Item>()
  const itemOf = (key: Uint8Array): Item => {
    const name = keyText(key)
    const item = items.get(name) ?? newItem(key, tableOf(key))
    items.set(name, item)
    return item
  }
  const writing = (key: Uint8Array): Item => {
    const item = itemOf(key)
    if (item.write === 'none') return item
    throw new TypeError(`key ${Buffer.from(key).toString('hex')} is written twice in one commit`)
  }
  for (const { key, value } of commit.sets) Object.assign(writing(key), { write: 'set', value })
  for (const key of commit.deletes) writing(key).write = 'delete'
  for (const check of commit.checks) {
    if (check.kind === 'range') itemOf(check.owner).isOwner = true
    else addCheck(itemOf(check.key), check.kind === 'exists' ? 'exists' : (check.version ?? 'absent'))
  }
  return [...items].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item)
}

function newItem(key: Uint8Array, table: Table): Item {
  return {
    key,
    table,
    check: undefined,
    contradicted: false,
    isOwner: false,
    write: 'none',
    value: NOTHING,
  }
}

/** Joins a check with one that is there: a version says more than that the key exists. */
function addCheck(item: Item, check: 'exists' | 'absent' | bigint): void {
  if (item.check === undefined || (item.check === 'exists' && typeof check === 'bigint')) item.check = check
  else if (item.check !== check && !(check === 'exists' && typeof item.check === 'bigint'))
    item.contradicted = true
}

interface Action {
  readonly kind: StepKind
  /** Whether each key has to be touched for the commit to hold. */
  readonly counts: boolean
}

/** What a key needs where its turn comes; the checks of an owner were made when it was locked. */
function actionsOf({ check, write, isOwner }: Item): Action[] {
  if (isOwner) return write === 'none' ? [] : [{ kind: write === 'set' ? 'upsert' : 'delete', counts: false }]
  if (check === undefined) {
    if (write === 'set') return [{ kind: 'upsert', counts: false }]
    // A key that someone is adding right now cannot be seen, and would outlive its deletion.
    return write === 'delete' ? [RESERVE, { kind: 'delete', counts: false }] : []
  }
  if (check === 'absent') return [{ kind: write === 'set' ? 'insert' : 'reserve', counts: true }]
  if (write === 'set') return [{ kind: 'update', counts: true }]
  if (write === 'delete') return [{ kind: 'delete', counts: true }]
  return [{ kind: check === 'exists' ? 'exist' : 'hold', counts: true }]
}

const RESERVE: Action = { kind: 'reserve', counts: false }

/** An owner that is absent is reserved, so that nobody makes it, and adds to its range, meanwhile. */
function locksOfOwner({ check }: Item): Action[] {
  if (check === 'absent') return [{ kind: 'reserve', counts: true }]
  return check === undefined ? [RESERVE, { kind: 'own', counts: false }] : [{ kind: 'own', counts: true }]
}

function leavesReservation({ check, write, isOwner }: Item): boolean {
  return write !== 'set' && (check === 'absent' || (isOwner && check === undefined))
}

type Run = readonly [Item, ...Item[]]

/** Neighbours in the order of keys that need the same: each action becomes one statement for all of them. */
function inRuns(items: readonly Item[]): Run[] {
  const runs: [Item, ...Item[]][] = []
  let before = ''
  for (const item of items) {
    const needs = needsOf(item)
    const run = runs.at(-1)
    if (run !== undefined && needs === before) run.push(item)
    else runs.push([item])
    before = needs
  }
  return runs
}

/** The same text for items that the same statements are made for. */
function needsOf(item: Item): string {
  const words = actionsOf(item).map(({ kind, counts }) => `${kind} ${counts}`)
  return [item.table, ...words].join(' ')
}

function stepsOf(run: Run, actions: readonly Action[]): Step[] {
  return actions.map(({ kind, counts }) => ({
    statement: stepStatement(kind, run[0].table),
    values: valuesOf(kind, run),
    expected: counts ? run.length : undefined,
  }))
}

function valuesOf(kind: StepKind, items: readonly Item[]): Buffer[] {
  const keys = byteaArray(items.map(({ key }) => key))
  const values = () => byteaArray(items.map(({ value }) => value))
  const versions = () => int8Array(items.map(({ check }) => (typeof check === 'bigint' ? check : ANY)))
  switch (kind) {
    case 'exist':
    case 'reserve':
    case 'release':
      return [keys]
    case 'insert':
    case 'upsert':
      return [keys, values()]
    case 'hold':
    case 'own':
    case 'delete':
      return [keys, versions()]
    case 'update':
      return [keys, values(), versions()]
  }
}

/** A range is read, and locked, behind its owner: whoever adds to it waits there. */
function rangeSteps(check: Extract<Check, { kind: 'range' }>, tableOf: TableOf): Step[] {
  const { prefix, entries } = check
  if (entries.length > RANGE_CHECK_LIMIT)
    throw new TypeError(`a range check holds at most ${RANGE_CHECK_LIMIT} entries, not ${entries.length}`)
  const tables: Table[] = prefix.length === 0 ? ['records', 'queues'] : [tableOf(prefix)]
  const end = prefixEnd(prefix)
  const expected = entries
    .map(({ key, version }) => ({ key: keyText(key), version, table: tableOf(key) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
  return tables.map((table) => ({
    statement: rangeStatement({
      tables: [table],
      bounded: end !== undefined,
      reverse: false,
      lock: true,
      weighed: false,
    }),
    values: [Buffer.from(prefix), ...(end === undefined ? [] : [end]), RANGE_CHECK_LIMIT + 1],
    expected: undefined,
    entries: expected.filter((entry) => entry.table === table),
  }))
}
