import { readFileSync } from 'node:fs'
import type { ClientConfig } from 'pg'
import { StoreUnavailable } from '../../store-errors.ts'

/** What a URL says of the database: enough to connect, and a name to speak of it without its password. */
export interface Database {
  readonly connection: ClientConfig
  /** Without password and parameters. */
  readonly shown: string
}

const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const
const SIGNS =
  'Signs of a password are written %25 for %, %3A for :, %2F for /, %3F for ?, %23 for #, %40 for @'
const PARAMETERS = ['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'application_name', 'options']

/**
 * Reads postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=/path. A path as `host` is the
 * folder of a unix socket. Throws StoreUnavailable that says what is wrong with it; never shows the password.
 */
export function parseDatabaseUrl(text: string): Database {
  const url = URL.parse(text)
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol))
    throw wrong(`it is no postgres:// URL. ${SIGNS}`)
  const { searchParams: parameters } = url
  const unknown = [...parameters.keys()].find((name) => !PARAMETERS.includes(name))
  if (unknown !== undefined)
    throw wrong(`its parameter ${unknown} is not known; there are ${PARAMETERS.join(', ')}`)
  const twice = PARAMETERS.find((name) => parameters.getAll(name).length > 1)
  if (twice !== undefined) throw wrong(`its parameter ${twice} stands twice`)
  const host = parameters.get('host') ?? url.hostname.replace(/^\[|\]$/g, '')
  const database = decoded(url.pathname.slice(1))
  if (host === '' || database === '') throw wrong('it must name a host and a database')
  const user = decoded(url.username)
  return {
    connection: {
      host,
      port: url.port === '' ? 5432 : Number(url.port),
      database,
      ...(user !== '' && { user }),
      ...(url.password !== '' && { password: decoded(url.password) }),
      application_name: parameters.get('application_name') ?? 'lamina',
      options: parameters.get('options') ?? '',
      ssl: sslOf(parameters),
    },
    shown: `postgres://${user === '' ? '' : `${user}@`}${url.host === '' ? host : url.host}/${database}`,
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // The failure would show the text.
    throw wrong(`a % in it begins no sign. ${SIGNS}`)
  }
}

/**
 * As libpq: `require` encrypts, `verify-ca` asks for a known authority, `verify-full` also for the host's name. Who names
 * an authority beside `require` gets `verify-ca`.
 */
function sslOf(parameters: URLSearchParams): ClientConfig['ssl'] {
  const given = parameters.get('sslmode') ?? (parameters.has('sslrootcert') ? 'verify-full' : 'disable')
  const known = SSL_MODES.find((one) => one === given)
  const mode = known === 'require' && parameters.has('sslrootcert') ? 'verify-ca' : known
  if (mode === undefined) throw wrong(`its sslmode must be one of ${SSL_MODES.join(', ')}`)
  if (mode === 'disable') return false
  const [ca, cert, key] = ['sslrootcert', 'sslcert', 'sslkey'].map((name) => readPem(parameters, name))
  return {
    rejectUnauthorized: mode !== 'require',
    ...(mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
}

function readPem(parameters: URLSearchParams, name: string): string | undefined {
  const path = parameters.get(name)
  if (path === null) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw wrong(`the file of its ${name}, ${path}, cannot be read`, cause)
  }
}

function wrong(why: string, cause?: unknown): StoreUnavailable {
  return new StoreUnavailable(`the URL of the database is not right: ${why}`, { cause })
}
