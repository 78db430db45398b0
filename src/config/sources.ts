import { readFile } from 'node:fs/promises'
import { systemCode } from '../system-code.ts'
import { ConfigError } from './config-error.ts'
import { isOfKubernetes } from './kubernetes-variables.ts'
import { nearest } from './nearest.ts'
import { type ConfigKey, SETTINGS, type Setting } from './schema.ts'

/** Where a value came from: a path of a file, `environment`, or `default`. */
export interface Given {
  readonly text: string
  readonly source: string
  /** The name under which it was given there. */
  readonly name: string
  /** What was given is the path of a file that holds the value. */
  readonly inFile?: boolean
}

export type Environment = Readonly<Record<string, string | undefined>>

/** A name under which a setting may be given: its own, or that of the file which holds it. */
interface KnownName {
  readonly setting: Setting
  readonly inFile: boolean
}

const IN_ENVIRONMENT = namesOf(
  SETTINGS.map((setting) => [setting.environmentName, setting.environmentFileName, setting]),
)
const IN_FILE = namesOf(SETTINGS.map((setting) => [setting.yamlName, setting.yamlFileName, setting]))

function namesOf(
  settings: readonly (readonly [own: string, ofFile: string | undefined, setting: Setting])[],
): ReadonlyMap<string, KnownName> {
  const names = new Map<string, KnownName>()
  for (const [own, ofFile, setting] of settings) {
    names.set(own, { setting, inFile: false })
    if (ofFile !== undefined) names.set(ofFile, { setting, inFile: true })
  }
  return names
}

/** Variables that are not settings of the server: where the configuration is, and what the command line uses. */
const OTHER_VARIABLES = ['LAMINA_CONFIG', 'LAMINA_URL', 'LAMINA_TOKEN', 'LAMINA_TOKEN_FILE', 'LAMINA_CA']

/** The settings given by the environment. A variable that is empty counts as absent. */
export function fromEnvironment(environment: Environment, problems: string[]): Map<ConfigKey, Given> {
  const given = new Map<ConfigKey, Given>()
  for (const [name, value = ''] of Object.entries(environment)) {
    if (!name.startsWith('LAMINA_') || OTHER_VARIABLES.includes(name) || isOfKubernetes(name, value)) continue
    const known = IN_ENVIRONMENT.get(name)
    if (known === undefined) {
      const names = [...IN_ENVIRONMENT.keys(), ...OTHER_VARIABLES]
      problems.push(`${name} in the environment is not a setting. Did you mean ${nearest(name, names)}?`)
    } else if (value !== '') {
      const text = known.setting.secret && !known.inFile ? value : value.trim()
      give(given, known, { text, source: 'environment', name }, problems)
    }
  }
  return given
}

/**
 * The settings given by the file at `path`; none when there is no such file and nothing, `namedBy`, says that it must be
 * there. Throws ConfigError when it cannot be read or is no YAML.
 */
export async function fromFile(
  path: string,
  namedBy: string | undefined,
  problems: string[],
): Promise<Map<ConfigKey, Given>> {
  const content = await readConfigFile(path, namedBy)
  const given = new Map<ConfigKey, Given>()
  if (content === undefined) return given
  // Only who has a file pays for the parser.
  const { parseYaml } = await import('./parse-yaml.ts')
  for (const [name, text] of parseYaml(path, content)) {
    const known = IN_FILE.get(name)
    if (known === undefined) {
      problems.push(
        `${name} in ${path} is not a setting. Did you mean ${nearest(name, [...IN_FILE.keys()])}?`,
      )
      continue
    }
    if (text === undefined)
      problems.push(`${name} in ${path} must be ${expected(known)}, not a nested value.`)
    else if (text !== '') give(given, known, { text, source: path, name }, problems)
  }
  return given
}

function expected({ setting, inFile }: KnownName): string {
  return inFile ? 'a path' : setting.expects
}

function give(
  given: Map<ConfigKey, Given>,
  { setting, inFile }: KnownName,
  found: Omit<Given, 'inFile'>,
  problems: string[],
): void {
  const before = given.get(setting.key)
  if (before !== undefined)
    problems.push(
      `${before.name} and ${found.name} (${found.source}) both say what ${setting.yamlName} is. Keep one of them.`,
    )
  given.set(setting.key, inFile ? { ...found, inFile } : found)
}

async function readConfigFile(path: string, namedBy: string | undefined): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = systemCode(error) ?? String(error)
    if (code === 'ENOENT' && namedBy === undefined) return undefined
    const why = code === 'ENOENT' ? 'there is no such file' : code
    const hint = namedBy === undefined ? '' : ` ${namedBy} names it.`
    throw new ConfigError([`The configuration ${path} cannot be read: ${why}.${hint}`])
  }
}
