/**
 * Every statement that reads or writes records. All are named, so that the server prepares them once for each
 * connection; names say the table and the kind.
 */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** Queues have a table of their own: what lives for minutes shall not make the vacuum of the rest long. */
export type Table = 'records' | 'queues'

const NEXT = "nextval('lamina_versions')"
const KEYS = 'unnest($1::bytea[]) as u(key)'
const PAIRS = 'unnest($1::bytea[], $2::bytea[]) as u(key, value)'
const VERSIONS = 'unnest($1::bytea[], $2::bigint[]) as u(key, version)'
const ALL_THREE = 'unnest($1::bytea[], $2::bytea[], $3::bigint[]) as u(key, value, version)'
/** A version of -1 stands for any. */
const SAME = 't.key = u.key and (u.version = -1 or t.version = u.version)'
const COLUMNS = 'key, value, version'
const BOUNDS = 'unnest($1::bytea[], $2::bytea[], $3::bigint[]) with ordinality as u(low, high, most, place)'
const WANTED = 'unnest($1::bytea[]) with ordinality as u(wanted, place)'

/**
 * What is done to keys within a commit. Each gives one row, or counts one, for each key of which it was true; together
 * with READ COMMITTED, where a statement that waited for a lock looks again at what the holder left.
 */
const STEPS = {
  /** The key exists: its row cannot go until the commit. */
  exist: (table: string) => `select 1 from ${table} where key = any($1::bytea[]) order by key for key share`,
  /** The key has this version: its row cannot change until the commit. */
  hold: (table: string) =>
    `select 1 from ${table} t join ${VERSIONS} on ${SAME} order by t.key for share of t`,
  /** As hold, against everyone who checks that the key exists, too. */
  own: (table: string) =>
    `select 1 from ${table} t join ${VERSIONS} on ${SAME} order by t.key for update of t`,
  /** The key is absent, and stays so for others until the commit: version 0 marks a row that nobody ever sees. */
  reserve: (table: string) =>
    `insert into ${table} (${COLUMNS}) select u.key, '', 0 from ${KEYS} on conflict (key) do nothing`,
  release: (table: string) => `delete from ${table} t using ${KEYS} where t.key = u.key and t.version = 0`,
  insert: (table: string) =>
    `insert into ${table} (${COLUMNS}) select u.key, u.value, ${NEXT} from ${PAIRS} on conflict (key) do nothing`,
  upsert: (table: string) =>
    `insert into ${table} (${COLUMNS}) select u.key, u.value, ${NEXT} from ${PAIRS} on conflict (key) do update set value = excluded.value, version = excluded.version`,
  update: (table: string) =>
    `update ${table} t set value = u.value, version = ${NEXT} from ${ALL_THREE} where ${SAME}`,
  delete: (table: string) => `delete from ${table} t using ${VERSIONS} where ${SAME}`,
} as const

export type StepKind = keyof typeof STEPS

/** The statement for one kind of step in one table. */
export function stepStatement(kind: StepKind, table: Table): Statement {
  return { name: `${table}-${kind}`, text: STEPS[kind](tableName(table)) }
}

/** Many records in one round trip; keys of both tables at one moment take both arrays. */
export function readStatement(tables: readonly Table[]): Statement {
  const parts = tables.map(
    (table, index) => `select ${COLUMNS} from ${tableName(table)} where key = any($${index + 1}::bytea[])`,
  )
  return { name: `${tables.join('-')}-read`, text: parts.join(' union all ') }
}

/** The records of the keys in $1, in their order, up to the one with which their values have the bytes in $2. */
export function firstStatement(tables: readonly Table[]): Statement {
  const parts = tables.map(
    (table) => `select place, t.${COLUMNS} from ${WANTED} join ${tableName(table)} t on t.key = u.wanted`,
  )
  return { name: `${tables.join('-')}-first`, text: firstOf(parts.join(' union all '), 'order by place', 2) }
}

/**
 * For each pair of bounds in $1 and $2 the first records, as many as $3 says, each with the place of its pair; up to the
 * one with which their values have the bytes in $4.
 */
export function rangesStatement(table: Table): Statement {
  const each = `select ${COLUMNS} from ${tableName(table)} where key >= u.low and key < u.high order by key limit u.most`
  const all = `select place, t.* from ${BOUNDS} cross join lateral (${each}) as t`
  return { name: `${table}-ranges`, text: firstOf(all, 'order by place, key', 4, `place, ${COLUMNS}`) }
}

export interface RangeShape {
  readonly tables: readonly Table[]
  /** Whether there is an upper bound. */
  readonly bounded: boolean
  readonly reverse: boolean
  /** Locks what it finds, for a check within a commit; then one table alone, and all of it. */
  readonly lock: boolean
  /** Whether it ends behind so many bytes of values. */
  readonly weighed: boolean
}

/** Keys from $1 on, below $2 when bounded; then the limit and, when weighed, the bytes. */
export function rangeStatement({ tables, bounded, reverse, lock, weighed }: RangeShape): Statement {
  const limit = bounded ? 3 : 2
  const byKey = `order by key${reverse ? ' desc' : ''}`
  const order = `${byKey} limit $${limit}::bigint`
  const where = `key >= $1::bytea${bounded ? ' and key < $2::bytea' : ''}`
  const parts = tables.map((table) => `select ${COLUMNS} from ${tableName(table)} where ${where} ${order}`)
  const [only = ''] = parts
  const all = parts.length === 1 ? only : `${parts.map((part) => `(${part})`).join(' union all ')} ${order}`
  const text = weighed ? firstOf(all, byKey, limit + 1) : all
  const words = [...tables, bounded && 'bounded', reverse && 'reverse', lock && 'lock', weighed && 'weighed']
  return { name: [...words, 'range'].filter(Boolean).join('-'), text: lock ? `${text} for update` : text }
}

/**
 * The first rows of a query, up to the one with which their values have the bytes of a parameter. Of a large value that
 * is left out only its length is read.
 */
function firstOf(query: string, order: string, bytes: number, columns = COLUMNS): string {
  const before = `sum(octet_length(value)) over (${order} rows between unbounded preceding and 1 preceding)`
  const weighed = `select *, coalesce(${before}, 0) as before from (${query}) as found`
  return `select ${columns} from (${weighed}) as weighed where before < $${bytes}::bigint ${order}`
}

function tableName(table: Table): string {
  return `lamina_${table}`
}
