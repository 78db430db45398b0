import { z } from 'zod'
import { joinHostPort } from '../config/address.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { checkAddress } from '../doctor/address.ts'
import { checkCertificate } from '../doctor/certificate.ts'
import { checkDataDirectory } from '../doctor/data-directory.ts'
import type { Finding } from '../doctor/finding.ts'
import { checkLimits } from '../doctor/limits.ts'
import { checkServer, type ServerState } from '../doctor/running-server.ts'
import { checkSettings } from '../doctor/settings.ts'
import { readAuthority } from './authority.ts'
import { type Command, type Input, type Output, optionValue } from './command.ts'
import { CommandError, EXIT, Unreachable, UsageError } from './failures.ts'
import { table } from './table.ts'

const maintenance = z.object({
  jobs: z.array(z.object({ name: z.string(), error: z.string().optional() })),
  failures: z.array(z.object({ job: z.string(), item: z.string(), message: z.string() })),
})
const damaged = z.object({ damaged: z.array(z.unknown()) })

export const commands: readonly Command[] = [
  {
    words: 'doctor',
    summary: 'Look for what is wrong with this registry and its surroundings, and say what to change.',
    details: `Reads the settings as \`lamina serve\` does here, tries disk, limits, certificate, database and S3, asks the running
server, and looks at the registry through the address of its clients: LAMINA_PUBLIC_URL, or --url. It changes nothing.
The exit code is 1 when something is bad; a warning alone is 0.`,
    options: {
      url: { value: 'URL', doc: 'The address that clients use, when LAMINA_PUBLIC_URL is not set.' },
      'address-only': { doc: 'Look only at --url, from a machine of a client.' },
    },
    run: doctor,
  },
]

async function doctor(input: Input): Promise<Output> {
  const { context, switches } = input
  const url = urlOf(input)
  const authority = await readAuthority(context.environment)
  if (switches.has('address-only')) {
    if (url === undefined) throw new UsageError('--address-only needs --url URL.')
    return report(await checkAddress(url, authority, Date.now))
  }
  const loaded = await loadConfig(context.environment, context.directory)
  const { checkStores } = await import('../compose-doctor.ts')
  const { config } = loaded
  const found = await Promise.all([
    checkSettings(loaded),
    checkDataDirectory(config),
    checkLimits(config),
    checkCertificate(config, Date.now()),
    checkStores(config),
    askServer(input).then(checkServer),
    throughAddress(url ?? addressOf(config), authority),
  ])
  return report(found.flat())
}

function urlOf(input: Input): string | undefined {
  const text = optionValue(input, 'url')
  if (text === undefined) return undefined
  const url = URL.parse(text)
  if (url !== null && /^https?:$/.test(url.protocol)) return url.origin
  throw new UsageError(`--url is "${text}"; it must be like https://registry.example:5000.`)
}

/** What clients use as far as the settings say; a port that is picked at the start is not known here. */
function addressOf({ publicUrl, listen, tlsCert }: Config): string | undefined {
  if (publicUrl !== undefined) return publicUrl
  if (listen.port === 0) return undefined
  const host =
    listen.host === undefined || /^(?:0\.0\.0\.0|::)$/.test(listen.host) ? 'localhost' : listen.host
  return `${tlsCert === undefined ? 'http' : 'https'}://${joinHostPort(host, listen.port)}`
}

function throughAddress(url: string | undefined, authority: string | undefined): Promise<Finding[]> {
  return url === undefined ? Promise.resolve([]) : checkAddress(url, authority, Date.now)
}

/** Undefined: none answers. */
async function askServer({ context }: Input): Promise<ServerState | undefined> {
  try {
    const api = await context.api()
    const notReady = await api
      .call(z.unknown(), 'GET', '/readyz')
      .then(() => undefined)
      .catch((error: unknown) => {
        if (error instanceof CommandError) return error.message
        throw error
      })
    const { jobs, failures } = await api.call(maintenance, 'GET', '/api/v1/maintenance')
    const found = await api.call(damaged, 'GET', '/api/v1/damaged?n=1000')
    return { notReady, jobs, failures, damaged: found.damaged.length }
  } catch (error) {
    if (error instanceof Unreachable) return undefined
    throw error
  }
}

const SIGNS = { good: 'ok', warning: 'WARNING', bad: 'BAD' } as const

function report(findings: readonly Finding[]): Output {
  const rows = findings.map(({ check, state, found }) => [SIGNS[state], check, found])
  const todo = findings.flatMap(({ check, change }) => (change === undefined ? [] : [`${check}: ${change}`]))
  const end =
    todo.length === 0 ? 'Nothing to change.' : `What to change:\n${todo.map((one) => `- ${one}`).join('\n')}`
  return {
    value: { findings },
    text: `${table(['', 'CHECK', 'FOUND'], rows, 'Nothing was looked at.')}\n\n${end}`,
    code: findings.some(({ state }) => state === 'bad') ? EXIT.failed : EXIT.ok,
  }
}
