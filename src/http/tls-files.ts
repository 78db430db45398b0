import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { Logger } from 'pino'
import { StartError } from './start-error.ts'

/** How often the files are looked at, in milliseconds. Polling also sees what mounts and symbolic links swap. */
const POLL_MS = 5_000

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
    process.getBuiltinModule('node:tls').createSecureContext({ cert, key })
    return { cert, key }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new StartError(
      `The certificate ${paths.cert} and its key ${paths.key} cannot be used: ${why}. LAMINA_TLS_CERT and LAMINA_TLS_KEY name them; \`lamina tls init\` makes a pair.`,
      { cause },
    )
  }
}

/** Says in the log that clients will refuse the certificate today. A server with one that is over still serves some. */
export function warnOfDates({ cert }: TlsPair, path: string, log: Logger): void {
  const { validFromDate, validToDate } = new X509Certificate(cert)
  const now = Date.now()
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

/** Calls `use` with the new pair when the files change. A pair that cannot be used is logged once, and the old one kept. */
export async function watchTlsPair(
  paths: TlsPaths,
  log: Logger,
  use: (pair: TlsPair) => void,
): Promise<TlsWatch> {
  let seen = await signature(paths)
  const check = async (): Promise<void> => {
    const now = await signature(paths)
    if (now === seen) return
    // Taken before reading: a change while we read shows up at the next look.
    seen = now
    try {
      const pair = await readTlsPair(paths)
      use(pair)
      log.info({ certificate: paths.cert }, 'certificate replaced')
      warnOfDates(pair, paths.cert, log)
    } catch (err) {
      log.error({ err }, 'the changed certificate cannot be used; the one before stays in use')
    }
  }
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
