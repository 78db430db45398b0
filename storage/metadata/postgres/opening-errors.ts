import { DatabaseError } from 'pg'
import { StoreUnavailable } from '../../store-errors.ts'
import { POOLER } from './session.ts'

/** Why a start failed, by SQLSTATE or by the code of Node. */
const REASONS: Readonly<Record<string, string>> = {
  '28P01': 'it refuses this password or this user',
  '28000': 'it refuses this user (pg_hba.conf says who may come from where)',
  '3D000': 'it has no database of that name: create it first',
  '42501': 'its user may not create tables there: make it the owner of the database',
  '3F000': 'it has no schema to make tables in: create one, or set the search_path of its user',
  '53300': 'it has no connection left',
  '57P03': 'it is starting up or shutting down',
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name of its host leads to no address',
  EAI_AGAIN: 'the name of its host cannot be looked up now',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its host',
  ETIMEDOUT: 'it does not answer',
  ENOENT: 'there is no such socket',
  EACCES: 'this user may not use its socket',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name (sslmode=verify-ca would not mind)',
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

const UNKNOWN_AUTHORITY =
  'its certificate is of an authority that is not known here: name the file of the authority with sslrootcert'

const NOT_PLAIN =
  'it refuses this user without encryption (pg_hba.conf says who may come from where): try sslmode=verify-full'

const NO_CERTIFICATE =
  'it wants a client certificate of this user: name the files with sslcert and sslkey (its authority is for the server to know)'

/** The failure of a start as one sentence; `shown` names the database, without its password. */
export function openingError(shown: string, error: unknown): StoreUnavailable {
  const why = error instanceof StoreUnavailable ? error.message : reasonOf(error)
  return new StoreUnavailable(`PostgreSQL at ${shown} cannot be used: ${why}`, { cause: error })
}

function reasonOf(error: unknown): string {
  const { code, message } = partsOf(error)
  if (code === '28000' && message.includes('no encryption')) return NOT_PLAIN
  if (message.includes('client certificate')) return NO_CERTIFICATE
  const known = REASONS[code]
  if (known !== undefined) return known
  if (/self.signed|unable to (?:verify|get)|SELF_SIGNED|UNABLE_TO/i.test(`${code} ${message}`))
    return UNKNOWN_AUTHORITY
  if (/does not support SSL/.test(message)) return 'it speaks no TLS: leave sslmode out, or set it up there'
  if (/unsupported startup parameter/.test(message)) return POOLER
  if (/timeout/.test(message)) return 'it does not answer'
  if (/terminated/.test(message)) return 'it closes the connection at once'
  return message
}

function partsOf(error: unknown): { code: string; message: string } {
  if (error instanceof DatabaseError) return { code: error.code ?? '', message: error.message }
  // Node tells of several addresses that were tried at once.
  const one: unknown = error instanceof AggregateError ? error.errors[0] : error
  if (!(one instanceof Error)) return { code: '', message: String(one) }
  return { code: 'code' in one ? String(one.code) : '', message: one.message }
}
