import { isLoopback, type ListenAddress } from './address.ts'
import { type Config, type ConfigKey, SETTINGS } from './schema.ts'
import type { Given } from './sources.ts'

/** What is wrong between settings that are each right by themselves. */
export function contradictions(config: Config, given: ReadonlyMap<ConfigKey, Given>): string[] {
  const problems: string[] = []
  if (config.auth === 'off' && !isLoopback(config.listen.host))
    problems.push(
      `LAMINA_AUTH is off, and LAMINA_LISTEN lets other machines in: anyone who reaches this address could change everything. Listen on 127.0.0.1, or keep LAMINA_AUTH=on; if it is really meant, set LAMINA_AUTH=off-everywhere.`,
    )
  if (isSame(config.listen, config.metricsListen))
    problems.push(
      'LAMINA_METRICS_LISTEN is the address of LAMINA_LISTEN, which clients reach: choose another port.',
    )
  if (config.blobs.kind === 'filesystem') problems.push(...withoutS3(given))
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

/** Whether both cannot be had at once. */
function isSame(one: ListenAddress, other: ListenAddress | undefined): boolean {
  if (one.port !== other?.port || one.port === 0) return false
  return one.host === other.host || isEvery(one.host) || isEvery(other.host)
}

function isEvery(host: string | undefined): boolean {
  return host === undefined || host === '0.0.0.0' || host === '::'
}

/** Whoever says how to reach an S3 believes that the images are there. */
function withoutS3(given: ReadonlyMap<ConfigKey, Given>): string[] {
  return SETTINGS.flatMap(({ key, yamlName, default: fallback }) => {
    const found = given.get(key)
    if (!yamlName.startsWith('s3-') || found === undefined || found.text === fallback) return []
    const { name, source } = found
    return [
      `${name} (${source}) is set, and LAMINA_BLOBS names no S3: set that to s3://BUCKET/PREFIX, or leave ${name} out.`,
    ]
  })
}
