import { randomUUID } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory } from '../../storage/make-directory.ts'
import { systemCode } from '../system-code.ts'
import { type KeyPair, makeAuthority, makeServerCertificate } from './certificates.ts'
import type { CertificateName } from './name.ts'

/** Where `lamina tls init` left what it made. */
export interface TlsFiles {
  readonly authority: string
  readonly authorityKey: string
  readonly certificate: string
  readonly key: string
  /** The authority was there already: machines that trust it need nothing new. */
  readonly renewed: boolean
}

/**
 * Makes ca.crt, ca.key, server.crt and server.key in `directory`, keys readable by this user alone. An authority that
 * is there already is used again, so that calling this once more renews the certificate. Throws the errors of files.
 */
export async function makeTlsFiles(
  directory: string,
  names: readonly CertificateName[],
  now: number,
): Promise<TlsFiles> {
  await makeDirectory(directory, 0o700)
  const files = {
    authority: join(directory, 'ca.crt'),
    authorityKey: join(directory, 'ca.key'),
    certificate: join(directory, 'server.crt'),
    key: join(directory, 'server.key'),
  }
  const known = await readAuthority(files.authority, files.authorityKey)
  const authority = known ?? (await makeAuthority(now))
  if (known === undefined) {
    await replaceFile(files.authorityKey, authority.key, 0o600)
    await replaceFile(files.authority, authority.certificate, 0o644)
  }
  const server = await makeServerCertificate(authority, names, now)
  await replaceFile(files.key, server.key, 0o600)
  await replaceFile(files.certificate, server.certificate, 0o644)
  return { ...files, renewed: known !== undefined }
}

async function readAuthority(certificate: string, key: string): Promise<KeyPair | undefined> {
  try {
    return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** At once: a running server that reads its files again never sees half of one, and no mode is open for a moment. */
async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomUUID()}`
  const file = await open(temporary, 'wx', mode)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}
