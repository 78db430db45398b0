import { DatabaseError } from 'pg'
import { NoSpace, StoreDamaged, StoreUnavailable } from '../../store-errors.ts'

/**
 * What a failure asks for. `again`: the transaction was undone, the connection is good. `reconnect`: the connection is
 * gone or of no use, and what it was doing may have happened. `fail`: trying again would fail again.
 */
export type Remedy = 'again' | 'reconnect' | 'fail'

/** SQLSTATE codes: conflicts between transactions, limits of time, and the commit log's fence (see commit-log.ts). */
const AGAIN = ['40001', '40P01', '53200', '55P03', '57014', '23505']
/** A shutdown, a crash of another backend, a server that starts or became a standby, too many connections. */
const RECONNECT = ['57P01', '57P02', '57P03', '57P05', '25P03', '25006', '53300']

export function remedyOf(error: unknown): Remedy {
  if (isFinal(error)) return 'fail'
  // Everything that the server did not say is about the connection.
  if (!(error instanceof DatabaseError)) return 'reconnect'
  const code = error.code ?? ''
  if (AGAIN.includes(code)) return 'again'
  return RECONNECT.includes(code) || code.startsWith('08') ? 'reconnect' : 'fail'
}

/** The failure as one of the errors that the interface promises. */
export function asStoreError(error: unknown): Error {
  if (isFinal(error)) return error
  const said = error instanceof Error ? error.message : String(error)
  const code = error instanceof DatabaseError ? error.code : undefined
  if (code === '53100') return new NoSpace(`PostgreSQL has no space: ${said}`, { cause: error })
  if (code === 'XX001' || code === 'XX002')
    return new StoreDamaged(`PostgreSQL found damaged data: ${said}`, { cause: error })
  return new StoreUnavailable(`PostgreSQL does not serve: ${said}`, { cause: error })
}

/** Already what the caller is to see; a TypeError is the caller's mistake. */
function isFinal(error: unknown): error is Error {
  return [StoreUnavailable, NoSpace, StoreDamaged, TypeError].some((kind) => error instanceof kind)
}
