import { readFile } from 'node:fs/promises'
import { systemCode } from '../system-code.ts'
import { ConfigError } from './config-error.ts'
import { nearest } from './nearest.ts'
import { type ConfigKey, SETTINGS } from './schema.ts'

/** Where a value came from: a path of a file, `environment`, or `default`. */
export interface Given {
  readonly text: string
  readonly source: string
  /** The name under which it was given there. */
  readonly name: string
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Variables that are not settings of the server: where the configuration is, and what the command line uses. */
const OTHER_VARIABLES = ['LAMINA_CONFIG', 'LAMINA_URL', 'LAMINA_TOKEN', 'LAMINA_CA']

/** Kubernetes gives these to every pod beside a Service named `lamina`; they are nobody's mistake. */
const KUBERNETES_VARIABLE =
  /^LAMINA_(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT(?:_\d+_(?:TCP|UDP)(?:_(?:PROTO|PORT|ADDR))?)?)$/

/** The settings given by the environment. A variable that is empty counts as absent. */
export function fromEnvironment(environment: Environment, problems: string[]): Map<ConfigKey, Given> {
  const given = new Map<ConfigKey, Given>()
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('LAMINA_') || OTHER_VARIABLES.includes(name) || KUBERNETES_VARIABLE.test(name))
      continue
    const setting = SETTINGS.find(({ environmentName }) => environmentName === name)
    if (setting === undefined) {
      const known = [...SETTINGS.map(({ environmentName }) => environmentName), ...OTHER_VARIABLES]
      problems.push(`${name} in the environment is not a setting. Did you mean ${nearest(name, known)}?`)
    } else if (value !== undefined && value !== '') {
      given.set(setting.key, { text: setting.secret ? value : value.trim(), source: 'environment', name })
    }
  }
  return given
}

/**
 * The settings given by the file at `path`; none when there is no such file and it is not `required`.
 * Throws ConfigError when it cannot be read or is no YAML.
 */
export async function fromFile(
  path: string,
  required: boolean,
  problems: string[],
): Promise<Map<ConfigKey, Given>> {
  const content = await readConfigFile(path, required)
  const given = new Map<ConfigKey, Given>()
  if (content === undefined) return given
  // Only who has a file pays for the parser.
  const { parseYaml } = await import('./parse-yaml.ts')
  for (const [name, text] of parseYaml(path, content)) {
    const setting = SETTINGS.find(({ yamlName }) => yamlName === name)
    if (setting === undefined) {
      const known = SETTINGS.map(({ yamlName }) => yamlName)
      problems.push(`${name} in ${path} is not a setting. Did you mean ${nearest(name, known)}?`)
      continue
    }
    if (text === undefined)
      problems.push(`${name} in ${path} must be ${setting.expects}, not a nested value.`)
    else if (text !== '') given.set(setting.key, { text, source: path, name })
  }
  return given
}

async function readConfigFile(path: string, required: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = systemCode(error) ?? String(error)
    if (code === 'ENOENT' && !required) return undefined
    const why = code === 'ENOENT' ? 'there is no such file' : code
    const hint = required ? ' LAMINA_CONFIG names it.' : ''
    throw new ConfigError([`The configuration ${path} cannot be read: ${why}.${hint}`])
  }
}
