import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Config } from '../config/schema.ts'
import { whyOf } from '../system-code.ts'
import { bad, type Finding, good, warning } from './finding.ts'

const DAY = 86_400_000
/** A certificate that ends sooner is told of. */
const SOON = 14 * DAY

/** The files of tls-cert and tls-key: that they go together, for how long, for whom, and who may read the key. */
export async function checkCertificate(
  { tlsCert, tlsKey, publicUrl }: Pick<Config, 'tlsCert' | 'tlsKey' | 'publicUrl'>,
  now: number,
): Promise<Finding[]> {
  if (tlsCert === undefined || tlsKey === undefined) return []
  try {
    const certificate = new X509Certificate(await readFile(tlsCert))
    const key = createPrivateKey(await readFile(tlsKey))
    const { mode } = await stat(tlsKey)
    if (!certificate.checkPrivateKey(key))
      return [
        bad(
          'certificate',
          `${tlsKey} is not the key of ${tlsCert}`,
          'Name a pair with LAMINA_TLS_CERT and LAMINA_TLS_KEY, the server’s own certificate first in its file.',
        ),
      ]
    return [validity(certificate, now), ...hostName(certificate, publicUrl), keyMode(tlsKey, mode)]
  } catch (error) {
    return [
      bad(
        'certificate',
        `${tlsCert} and ${tlsKey} cannot be read as a pair: ${whyOf(error)}`,
        'LAMINA_TLS_CERT and LAMINA_TLS_KEY must name PEM files that this user may read; `lamina tls init` makes a pair.',
      ),
    ]
  }
}

function validity({ validFromDate, validToDate }: X509Certificate, now: number): Finding {
  const change =
    'Renew it (`lamina tls init` does for its own); a running server takes the new files up by itself.'
  const end = validToDate.toISOString().slice(0, 10)
  if (validToDate.getTime() < now) return bad('certificate', `it expired on ${end}`, change)
  if (validFromDate.getTime() > now)
    return bad(
      'certificate',
      'it is not valid yet',
      'Set the clock of this machine, or use another certificate.',
    )
  if (validToDate.getTime() - now < SOON) return warning('certificate', `it expires on ${end}`, change)
  return good('certificate', `valid until ${end}`)
}

function hostName(certificate: X509Certificate, publicUrl: string | undefined): Finding[] {
  if (publicUrl?.startsWith('https:') !== true) return []
  const host = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')
  const fits = isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)
  if (fits !== undefined) return [good('certificate-name', `made for ${host}`)]
  return [
    bad(
      'certificate-name',
      `it is for ${certificate.subjectAltName ?? 'no name'}, and clients ask for ${host} (LAMINA_PUBLIC_URL)`,
      `Get one for ${host}: \`lamina tls init --name ${host}\`, or from your authority.`,
    ),
  ]
}

function keyMode(path: string, mode: number): Finding {
  if ((mode & 0o077) === 0) return good('certificate-key', 'nobody else may read it')
  return bad(
    'certificate-key',
    `others than its owner may read or change ${path}`,
    `\`chmod 600 ${path}\`, and a new certificate if somebody did: who has the key can pretend to be this registry.`,
  )
}
