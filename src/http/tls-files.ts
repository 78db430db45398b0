import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { Logger } from 'pino'
import { StartError } from './start-error.ts'

/** How often the files are looked at, in milliseconds. Polling also sees what mounts and symbolic links swap. */
const POLL_MS = 5_000
const DAY_MS = 86_400_000
/** A certificate that ends sooner is told of, as `lamina doctor` does. */
const SOON_MS = 14 * DAY_MS

/** Paths of a certificate chain and its private key, both PEM. */
export interface TlsPaths {
  readonly cert: string
  readonly key: string
}

export interface TlsPair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** Throws StartError when the files cannot be read, are not PEM, or do not belong together. */
export async function readTlsPair(paths: TlsPaths): Promise<TlsPair> {
  try {
    const [cert, key] = await Promise.all([readFile(paths.cert), readFile(paths.key)])
    const pair = { cert, key }
    process.getBuiltinModule('node:tls').createSecureContext(pair)
    // Whose end cannot be told is none to use.
    endOf(pair)
    return pair
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StartError(
      `The certificate ${paths.cert} and its key ${paths.key} cannot be used: ${why}. LAMINA_TLS_CERT and LAMINA_TLS_KEY name them; \`lamina tls init\` makes a pair.`,
      { cause },
    )
  }
}

/** Until when a certificate is good, in milliseconds. */
export function endOf({ cert }: TlsPair): number {
  return new X509Certificate(cert).validToDate.getTime()
}

/**
 * Says in the log that clients refuse the certificate today, or soon will. A server with one that is over still serves
 * some.
 */
function warnOfDates({ cert }: TlsPair, path: string, log: Logger): void {
  const { validFromDate, validToDate } = new X509Certificate(cert)
  const now = Date.now()
  if (validToDate.getTime() >= now && validToDate.getTime() < now + SOON_MS)
    log.warn(
      { certificate: path, until: validToDate },
      'the certificate of LAMINA_TLS_CERT ends soon: renew it, new files are taken up by themselves',
    )
  if (validToDate.getTime() < now)
    log.warn(
      { certificate: path, until: validToDate },
      'the certificate of LAMINA_TLS_CERT has expired, and clients refuse it: renew it, new files are taken up by themselves',
    )
  if (validFromDate.getTime() > now)
    log.warn(
      { certificate: path, from: validFromDate },
      'the certificate of LAMINA_TLS_CERT is not valid yet, and clients refuse it: look at the clock of this machine',
    )
}

export interface TlsWatch {
  /** Looks now. Resolves when a changed pair is in use, or was found unusable. */
  check(): Promise<void>
  stop(): void
}

/**
 * Calls `use` with the new pair when the files change. A pair that cannot be used is logged once, and the old one kept.
 * What is wrong with the dates of the one in use, at first `first`, is logged at once, and again each day.
 */
export async function watchTlsPair(
  paths: TlsPaths,
  {
    log,
    first,
    use,
  }: { readonly log: Logger; readonly first: TlsPair; readonly use: (pair: TlsPair) => void },
): Promise<TlsWatch> {
  let seen = await signature(paths)
  let used = first
  let told = Number.NEGATIVE_INFINITY
  const tell = (): void => {
    if (Date.now() - told < DAY_MS) return
    told = Date.now()
    warnOfDates(used, paths.cert, log)
  }
  const look = async (): Promise<void> => {
    const now = await signature(paths)
    if (now === seen) return
    // Taken before reading: a change while we read shows up at the next look.
    seen = now
    try {
      const pair = await readTlsPair(paths)
      use(pair)
      log.info({ certificate: paths.cert }, 'certificate replaced')
      used = pair
      told = Number.NEGATIVE_INFINITY
    } catch (err) {
      log.error({ err }, 'the changed certificate cannot be used; the one before stays in use')
    }
  }
  const check = async (): Promise<void> => {
    await look()
    tell()
  }
  tell()
  const timer = setInterval(() => void check(), POLL_MS).unref()
  return { check, stop: () => clearInterval(timer) }
}

async function signature({ cert, key }: TlsPaths): Promise<string> {
  const parts = await Promise.all(
    [cert, key].map(async (path) => {
      const facts = await stat(path, { bigint: true }).catch(() => undefined)
      return facts === undefined ? 'absent' : `${facts.ino}/${facts.size}/${facts.mtimeNs}`
    }),
  )
  return parts.join(' ')
}
