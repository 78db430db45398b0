import { resolve } from 'node:path'
import { isLoopback } from './address.ts'
import { ConfigError } from './config-error.ts'
import { type Config, type ConfigKey, configSchema, SETTINGS } from './schema.ts'
import { type Environment, fromEnvironment, fromFile, type Given } from './sources.ts'

/** A configuration with the text and the origin of each value that was given. */
export interface LoadedConfig {
  readonly config: Config
  readonly given: ReadonlyMap<ConfigKey, Given>
}

/**
 * Reads lamina.yaml (in `directory`, or where LAMINA_CONFIG says) and the environment, which wins.
 * Throws ConfigError with every problem at once.
 */
export async function loadConfig(
  environment: Environment = process.env,
  directory: string = process.cwd(),
): Promise<LoadedConfig> {
  const problems: string[] = []
  const named = environment['LAMINA_CONFIG']
  const file = resolve(directory, named || 'lamina.yaml')
  const given = await fromFile(file, Boolean(named), problems)
  for (const [key, value] of fromEnvironment(environment, problems)) given.set(key, value)
  const config = parse(given, problems)
  if (config !== undefined) problems.push(...contradictions(config))
  if (config === undefined || problems.length > 0) throw new ConfigError(problems)
  return { config, given }
}

/** The configuration that texts under the names of lamina.yaml give, without the environment. Throws ConfigError. */
export function configOf(texts: Readonly<Record<string, string>>): Config {
  const problems: string[] = []
  const given = new Map<ConfigKey, Given>()
  for (const [name, text] of Object.entries(texts)) {
    const setting = SETTINGS.find(({ yamlName }) => yamlName === name)
    if (setting === undefined) problems.push(`${name} is not a setting.`)
    else given.set(setting.key, { text, source: 'request', name })
  }
  const config = parse(given, problems)
  if (config === undefined || problems.length > 0) throw new ConfigError(problems)
  return config
}

function parse(given: ReadonlyMap<ConfigKey, Given>, problems: string[]): Config | undefined {
  const texts = Object.fromEntries([...given].map(([key, { text }]) => [key, text]))
  const result = configSchema.safeParse(texts)
  if (result.success) return Object.freeze(result.data)
  for (const setting of SETTINGS) {
    const value = given.get(setting.key)
    if (value === undefined || !result.error.issues.some(({ path }) => path[0] === setting.key)) continue
    const shown = setting.secret ? 'not right (not shown: it is a secret)' : JSON.stringify(value.text)
    problems.push(`${value.name} (${value.source}) is ${shown}; it must be ${setting.expects}.`)
  }
  return undefined
}

/** What is wrong between settings that are each right by themselves. */
function contradictions(config: Config): string[] {
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
