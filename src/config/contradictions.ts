import { isLoopback } from './address.ts'
import type { Config } from './schema.ts'

/** What is wrong between settings that are each right by themselves. */
export function contradictions(config: Config): string[] {
  const problems: string[] = []
  if (config.auth === 'off' && !isLoopback(config.listen.host))
    problems.push(
      `LAMINA_AUTH is off, and LAMINA_LISTEN lets other machines in: anyone who reaches this address could change everything. Listen on 127.0.0.1, or keep LAMINA_AUTH=on; if it is really meant, set LAMINA_AUTH=off-everywhere.`,
    )
  if (config.blobs.kind === 'filesystem' && config.s3Redirect)
    problems.push(`LAMINA_S3_REDIRECT is on, and LAMINA_BLOBS names no S3: set it to s3://BUCKET/PREFIX.`)
  if (config.s3KmsKey !== undefined && config.s3Encryption !== 'kms')
    problems.push(
      `LAMINA_S3_KMS_KEY is set, and LAMINA_S3_ENCRYPTION is ${config.s3Encryption}: set it to kms.`,
    )
  if (config.metadata !== 'level' && config.secret === undefined)
    problems.push(
      'LAMINA_METADATA names a PostgreSQL and LAMINA_SECRET is not set: the signing keys in a shared database are sealed. Set the same LAMINA_SECRET on every replica, for example from `openssl rand -hex 32`.',
    )
  if ((config.tlsCert === undefined) !== (config.tlsKey === undefined)) {
    const [there, missing] = config.tlsCert === undefined ? ['KEY', 'CERT'] : ['CERT', 'KEY']
    problems.push(
      `LAMINA_TLS_${there} is set and LAMINA_TLS_${missing} is not: HTTPS needs both. \`lamina tls init\` makes a pair.`,
    )
  }
  return problems
}
