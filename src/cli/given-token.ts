import { NoSecret, readSecretFile } from '../config/secret-files.ts'
import type { Environment } from '../config/sources.ts'
import { UsageError } from './failures.ts'

const HOW = '`lamina token add NAME` makes one'

/** The token of LAMINA_TOKEN, or in the file that LAMINA_TOKEN_FILE names. Throws UsageError. */
export async function readToken(environment: Environment, directory: string): Promise<string> {
  const [given, file] = [environment['LAMINA_TOKEN']?.trim(), environment['LAMINA_TOKEN_FILE']?.trim()]
  if (given && file)
    throw new UsageError('LAMINA_TOKEN and LAMINA_TOKEN_FILE are both set. Keep one of them.')
  const token = file ? await tokenIn(file, directory) : given
  if (!token) throw new UsageError(`LAMINA_URL is set and LAMINA_TOKEN is not. ${HOW}, on the server.`)
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new UsageError(
      `${file ? 'The file that LAMINA_TOKEN_FILE names' : 'LAMINA_TOKEN'} holds signs that no token has. ${HOW}.`,
    )
  return token
}

async function tokenIn(file: string, directory: string): Promise<string> {
  try {
    return (await readSecretFile(file, directory)).trim()
  } catch (cause) {
    if (!(cause instanceof NoSecret)) throw cause
    throw new UsageError(`LAMINA_TOKEN_FILE names ${JSON.stringify(file)}, which ${cause.message}.`, {
      cause,
    })
  }
}
