import { whyOf } from '../system-code.ts'
import { bad, type Finding, good, warning } from './finding.ts'
import { ask, type Seen } from './outside.ts'

const GIBIBYTE = 2 ** 30
/** podman asks for a thousand ranges in one header. */
const LONG_HEADER = `bytes=${Array.from({ length: 1400 }, (_, at) => `${at * 1000000}-${at * 1000000 + 9}`).join(',')}`
const SECONDS = 1000
/** Tokens last minutes: a client whose clock differs by more finds them not valid yet, or expired. */
const CLOCK_SLACK = 60

/** Looks at the registry through the address that clients use. */
export async function checkAddress(
  origin: string,
  authority: string | undefined,
  now: () => number,
): Promise<Finding[]> {
  const url = new URL('/v2/', origin)
  const begun = now()
  const seen = await ask(url, { authority, headers: { 'accept-encoding': 'gzip' } }).catch(
    (error: unknown) => ({ error }),
  )
  if ('error' in seen) return [unreachable(origin, seen.error)]
  const clock = clockOf(seen, begun, now())
  if (seen.headers['docker-distribution-api-version'] !== 'registry/2.0')
    return [notLamina(origin, seen), ...clock]
  return [
    good('address', `${origin} leads to a registry`),
    ...clock,
    challengeOrigin(origin, seen),
    compression(seen),
    await bodyLimit(url, authority),
    await headerLimit(url, authority),
  ]
}

const CERTIFICATE_FAILURES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the authority of its certificate is not known here, or its chain is not complete',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the authority of its certificate is not known here',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority of its certificate is not known here',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
}

function unreachable(origin: string, error: unknown): Finding {
  const why = whyOf(error)
  const certificate = CERTIFICATE_FAILURES[why]
  if (certificate !== undefined)
    return bad(
      'address',
      `clients do not trust ${origin}: ${certificate}`,
      'Give it a certificate that clients trust, with its whole chain; or put its authority on every client (`lamina tls init` says where) and name it to this command in LAMINA_CA.',
    )
  return bad(
    'address',
    `nobody answers at ${origin} from here: ${why}`,
    'Is LAMINA_PUBLIC_URL right, does its name lead to this machine or its proxy, and is the port open? Where machines cannot reach their own public address, run this from a client’s machine with --url.',
  )
}

function notLamina(origin: string, { status, headers }: Seen): Finding {
  const moved = headers.location === undefined ? '' : `, to ${headers.location}`
  return bad(
    'address',
    `${origin}/v2/ is answered with ${status}${moved} by something that is no registry`,
    'A registry must be at the root of its host: let the proxy pass every path, /v2/ first of all, unchanged and without redirects.',
  )
}

/** What clients make of it: they compare it with the dates in tokens. */
function clockOf({ headers }: Seen, before: number, after: number): Finding[] {
  const date = Date.parse(headers.date ?? '')
  if (Number.isNaN(date)) return []
  const off = date < before - SECONDS ? date - before : date > after ? date - after : 0
  const seconds = Math.round(Math.abs(off) / SECONDS)
  if (seconds <= CLOCK_SLACK) return [good('clock', 'the same here and at the registry’s address')]
  return [
    bad(
      'clock',
      `the clock at the registry’s address is ${seconds} s ${off > 0 ? 'ahead of' : 'behind'} this machine’s`,
      'Set both by NTP (chrony, systemd-timesyncd): tokens last five minutes, and signatures of S3 fifteen.',
    ),
  ]
}

/** The challenge tells clients where to get a token: a wrong scheme or host there breaks every login. */
function challengeOrigin(origin: string, { headers }: Seen): Finding {
  const realm = /realm="([^"]+)"/.exec(headers['www-authenticate'] ?? '')?.[1]
  if (realm === undefined) return good('proxy-origin', 'no login is asked for')
  const told = URL.parse(realm)?.origin
  if (told === new URL(origin).origin)
    return good('proxy-origin', 'clients are sent back to the same address')
  return bad(
    'proxy-origin',
    `clients that ask at ${origin} are sent to ${told ?? realm} for a token`,
    'Set LAMINA_PUBLIC_URL; or have the proxy send Host and X-Forwarded-Proto (nginx: proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;), and name its address in LAMINA_TRUSTED_PROXIES.',
  )
}

function compression({ headers }: Seen): Finding {
  const encoding = headers['content-encoding']
  if (encoding === undefined) return good('proxy-compression', 'answers come as they are')
  return bad(
    'proxy-compression',
    `something in front of the registry compresses its answers (${encoding})`,
    'Turn compression off for this host (nginx: gzip off): clients compare sizes and digests of what they get.',
  )
}

/** The header of a large push alone: a proxy with a limit answers it, the registry says that the path takes no POST. */
async function bodyLimit(url: URL, authority: string | undefined): Promise<Finding> {
  const headers = { 'content-length': String(GIBIBYTE), 'content-type': 'application/octet-stream' }
  const seen = await ask(url, { method: 'POST', headers, authority }).catch((error: unknown) => ({ error }))
  if (!('error' in seen) && seen.status !== 413) return good('proxy-body', 'layers of any size pass')
  return bad(
    'proxy-body',
    `a push of 1 GiB ${'error' in seen ? `gets no answer: ${whyOf(seen.error)}` : 'is refused by something in front of the registry (413)'}`,
    'Let bodies of any size pass (nginx: client_max_body_size 0; proxy_request_buffering off;), without keeping them first.',
  )
}

async function headerLimit(url: URL, authority: string | undefined): Promise<Finding> {
  const seen = await ask(url, { headers: { range: LONG_HEADER }, authority }).catch((error: unknown) => ({
    error,
  }))
  const status = 'error' in seen ? whyOf(seen.error) : seen.status
  if (status === 200 || status === 401) return good('proxy-header', 'requests for many ranges pass')
  return warning(
    'proxy-header',
    `a header of ${Math.round(LONG_HEADER.length / 1024)} KiB does not pass (${status})`,
    'Let long headers pass (nginx: large_client_header_buffers 8 128k;): podman asks for many ranges of a layer in one.',
  )
}
