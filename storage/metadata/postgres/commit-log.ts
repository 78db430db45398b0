import { randomBytes } from 'node:crypto'
import type { ClientBase } from 'pg'

/**
 * Each commit that writes leaves a random id in its own transaction. When a connection is cut while COMMIT is on its
 * way, the id tells whether it happened.
 */

/** How long ids are kept, in milliseconds: many times longer than anyone goes on asking. */
const KEPT = 600_000
const PRUNED_AT_ONCE = 20_000

/** An id whose order is about the order of time (as UUID version 7), so that the index grows at its end alone. */
export function newCommitId(now: number): string {
  return uuid(now, randomBytes(10))
}

export const LOG_COMMIT = {
  name: 'commit-log',
  text: "insert into lamina_commits (id, outcome) values ($1::uuid, 'done')",
}

/**
 * Whether the commit with this id happened; if it did not, it never will. Waits while it is still under way. Writes in
 * either case, so that with a synchronous standby the answer is there too before anyone relies on it.
 */
export async function findOutcome(client: ClientBase, id: string): Promise<boolean> {
  const { rows } = await client.query<{ outcome: string }>({
    name: 'commit-outcome',
    text: `insert into lamina_commits as log (id, outcome) values ($1::uuid, 'abandoned')
      on conflict (id) do update set outcome = log.outcome returning outcome`,
    values: [id],
  })
  return rows[0]?.outcome === 'done'
}

/** Forgets old ids, and leaves to others what they are forgetting. */
export async function pruneCommitLog(client: ClientBase, now: number): Promise<void> {
  await client.query({
    name: 'commit-prune',
    text: `delete from lamina_commits where id in
      (select id from lamina_commits where id < $1::uuid order by id limit ${PRUNED_AT_ONCE} for update skip locked)`,
    values: [uuid(now - KEPT, Buffer.alloc(10))],
  })
}

function uuid(milliseconds: number, rest: Buffer): string {
  const hex = milliseconds.toString(16).padStart(12, '0') + rest.toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
