import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, DatabaseError } from 'pg'
import { remedyOf } from './postgres-errors.ts'

/** How long a server that is there may take to let a start in, in milliseconds. */
const PATIENCE = 8000
const PAUSE = 250

/**
 * Opens the connection that a start looks around with. A server that is about to serve, or is too busy to answer at
 * once, gets a few seconds; where nothing listens, or nobody lets us in, the first refusal counts.
 */
export async function firstConnection(open: () => Promise<Client>, patience = PATIENCE): Promise<Client> {
  const deadline = performance.now() + patience
  for (;;) {
    try {
      return await open()
    } catch (error) {
      if (!mayPass(error) || performance.now() > deadline) throw error
      await sleep(PAUSE)
    }
  }
}

/** Silence, and connections that are closed half-way, pass when a server has started or has less to do. */
function mayPass(error: unknown): boolean {
  if (error instanceof DatabaseError) return remedyOf(error) === 'reconnect'
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const said = error instanceof Error ? error.message : ''
  return code === 'ECONNRESET' || code === 'ETIMEDOUT' || /timeout|terminated/.test(said)
}
