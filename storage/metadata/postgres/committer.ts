import { Client, type ClientBase, type QueryResult } from 'pg'
import type { TraceContext } from '../../trace-context.ts'
import type { Commit } from '../metadata-store.ts'
import { findOutcome, LOG_COMMIT, newCommitId } from './commit-log.ts'
import { type Plan, planCommit, type Step, type TableOf } from './commit-plan.ts'
import type { Connections } from './connections.ts'
import { keyText } from './key-order.ts'
import type { Retry } from './retry.ts'

const BEGIN = 'begin isolation level read committed read write'

interface Row {
  readonly key: Uint8Array
  readonly version: bigint
}

/** Runs commits: two round trips, one for all statements and one for COMMIT. */
export class Committer {
  readonly #connections: Connections
  readonly #retry: Retry
  readonly #tableOf: TableOf
  readonly #traceparent: TraceContext | undefined

  constructor(
    connections: Connections,
    parts: {
      readonly retry: Retry
      readonly tableOf: TableOf
      readonly traceparent?: TraceContext | undefined
    },
  ) {
    this.#connections = connections
    this.#retry = parts.retry
    this.#tableOf = parts.tableOf
    this.#traceparent = parts.traceparent
  }

  /**
   * Whether its checks held. Else as MetadataStore.commit: no outcome stays unknown, however often the connection is
   * cut.
   */
  async commit(commit: Commit): Promise<boolean> {
    const { steps, writes } = planCommit(commit, this.#tableOf)
    if (steps === undefined) return false
    if (steps.length === 0) return true
    let unknown: string | undefined
    const begin = beginOf(this.#traceparent?.())
    return this.#retry.run(() =>
      this.#connections.commit(async (client) => {
        if (unknown !== undefined && (await findOutcome(client, unknown))) return true
        unknown = undefined
        const id = writes ? newCommitId(Date.now()) : undefined
        return attempt(client, { begin, steps, id, ending: () => (unknown = id) })
      }),
    )
  }
}

/** As sqlcommenter has it. Only here: statements with a name must stay as they were prepared. */
function beginOf(traceparent: string | undefined): string {
  return traceparent === undefined ? BEGIN : `${BEGIN} /*traceparent='${traceparent}'*/`
}

interface Attempt {
  readonly begin: string
  readonly steps: NonNullable<Plan['steps']>
  /** Undefined for a commit that only checks. */
  readonly id: string | undefined
  /** Called before COMMIT is sent: from here on it may have happened. */
  readonly ending: () => void
}

/** False when a check did not hold. Rejects when something failed; then the transaction is undone, or unknown. */
async function attempt(client: ClientBase, { begin, steps, id, ending }: Attempt): Promise<boolean> {
  const sent = inOnePiece(client, () => [
    client.query(begin),
    // Within the transaction, whose outcome it tells.
    ...(id === undefined ? [] : [client.query({ ...LOG_COMMIT, values: [id] })]),
    ...steps.map(({ statement, values }) => client.query<Row>({ ...statement, values: [...values] })),
  ])
  const results = (await settled(sent)).slice(-steps.length)
  if (!steps.every((step, index) => holds(step, results[index]))) {
    await client.query('rollback')
    return false
  }
  ending()
  await endTransaction(client)
  return true
}

/** What is sent meanwhile leaves together: each write of its own wakes the server, and costs more than its statement. */
function inOnePiece<Result>(client: ClientBase, send: () => Result): Result {
  const stream = client instanceof Client ? client.connection.stream : undefined
  stream?.cork()
  try {
    return send()
  } finally {
    stream?.uncork()
  }
}

/** Waits for all, since they share one connection; rejects as the first that failed, of which the others follow. */
async function settled(queries: readonly Promise<QueryResult>[]): Promise<QueryResult[]> {
  const outcomes = await Promise.allSettled(queries)
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

function holds(step: Step, result: QueryResult | undefined): boolean {
  if (step.entries !== undefined) return isRange(step.entries, result?.rows ?? [])
  return step.expected === undefined || step.expected === result?.rowCount
}

/** Whether a range holds exactly these. Version 0 is a reservation, which is nothing yet. */
function isRange(entries: NonNullable<Step['entries']>, rows: readonly Row[]): boolean {
  const found = rows.filter(({ version }) => version !== 0n)
  return (
    found.length === entries.length &&
    found.every(({ key, version }, at) => {
      const entry = entries[at]
      return entry?.version === version && entry.key === keyText(key)
    })
  )
}

/**
 * A warning is as bad as no answer: when the wait for a synchronous standby is cancelled, COMMIT succeeds with a
 * warning, and what was committed is on one machine only. Finding the outcome waits for the standby again.
 */
async function endTransaction(client: ClientBase): Promise<void> {
  let warning: string | undefined
  const note = (notice: { readonly message: string | undefined }): void => {
    warning = notice.message
  }
  client.on('notice', note)
  try {
    const { command } = await client.query('commit')
    if (command !== 'COMMIT') warning = `COMMIT was answered by ${command}`
  } finally {
    client.off('notice', note)
  }
  if (warning !== undefined) throw new Error(warning)
}
