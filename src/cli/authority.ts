import { readFile } from 'node:fs/promises'
import type { Environment } from '../config/sources.ts'
import { UsageError } from './failures.ts'

/** The certificate that LAMINA_CA names; undefined when it names none. Throws UsageError. */
export async function readAuthority(environment: Environment): Promise<string | undefined> {
  const path = environment['LAMINA_CA']
  if (!path) return undefined
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`LAMINA_CA names ${path}, which cannot be read.`, { cause })
  })
  if (!text.includes('CERTIFICATE-----'))
    throw new UsageError(`LAMINA_CA names ${path}, which holds no certificate (PEM).`)
  return text
}
