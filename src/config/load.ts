import { resolve } from 'node:path'
import { ConfigError } from './config-error.ts'
import { contradictions } from './contradictions.ts'
import { type Config, type ConfigKey, configSchema, SETTINGS } from './schema.ts'
import { NoSecret, readSecretFile } from './secret-files.ts'
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
  const given = await fromFile(file, named ? 'LAMINA_CONFIG' : undefined, problems)
  for (const [key, value] of fromEnvironment(environment, problems)) given.set(key, value)
  return checked(given, directory, problems)
}

/**
 * Reads a configuration that is not the one of this process, as if nothing else said anything: `namedBy` asks for the
 * file `name`. Throws ConfigError.
 */
export async function loadConfigFile(
  name: string,
  directory: string,
  namedBy: string,
): Promise<LoadedConfig> {
  const problems: string[] = []
  const given = await fromFile(resolve(directory, name), namedBy, problems)
  return checked(given, directory, problems)
}

async function checked(
  given: Map<ConfigKey, Given>,
  directory: string,
  problems: string[],
): Promise<LoadedConfig> {
  const isComplete = await readSecrets(given, directory, problems)
  const config = parse(given, problems)
  if (config !== undefined && isComplete) problems.push(...contradictions(config, given))
  if (config === undefined || problems.length > 0) throw new ConfigError(problems)
  return { config, given }
}

/** Puts the content of files in place of their paths; their values come from there then. False: not of each. */
async function readSecrets(
  given: Map<ConfigKey, Given>,
  directory: string,
  problems: string[],
): Promise<boolean> {
  let isComplete = true
  for (const [key, { text: path, name, source, inFile }] of given) {
    if (inFile !== true) continue
    try {
      const text = await readSecretFile(path, directory)
      given.set(key, { text, source: resolve(directory, path), name, inFile })
    } catch (error) {
      if (!(error instanceof NoSecret)) throw error
      given.delete(key)
      isComplete = false
      problems.push(
        `${name} (${source}) names ${JSON.stringify(path)}, which ${error.message}. It must be a file that holds the secret and nothing else.`,
      )
    }
  }
  return isComplete
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
