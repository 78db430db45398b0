import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { must } from './processes.ts'

/** Paths of PEM files: the authority, and a certificate with its key for the names asked for. */
export interface Certificates {
  ca: string
  cert: string
  key: string
}

/**
 * Makes a throw-away authority and a certificate for these DNS names and addresses, valid for two days, that a client
 * called `lamina` may show as well.
 */
export async function makeCertificates(folder: string, names: string[]): Promise<Certificates> {
  const at = (name: string): string => path.join(folder, name)
  const alternatives = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',')
  await writeFile(
    at('server.ext'),
    `subjectAltName=${alternatives}\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=CA:FALSE\n`,
  )
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const authority = ['-subj', '/CN=Lamina test authority', '-addext', 'basicConstraints=critical,CA:TRUE']
  const signedBy = ['-CA', at('ca.crt'), '-CAkey', at('ca.key'), '-CAcreateserial']
  const server = ['-in', at('server.csr'), '-extfile', at('server.ext'), '-out', at('server.crt')]
  await must('openssl', [
    'req',
    '-x509',
    ...key,
    ...authority,
    '-days',
    '2',
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.crt'),
  ])
  await must('openssl', [
    'req',
    ...key,
    '-subj',
    '/CN=lamina',
    '-keyout',
    at('server.key'),
    '-out',
    at('server.csr'),
  ])
  await must('openssl', ['x509', '-req', ...server, ...signedBy, '-days', '2'])
  return { ca: at('ca.crt'), cert: at('server.crt'), key: at('server.key') }
}
