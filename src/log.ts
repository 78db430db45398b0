import { type DestinationStream, type Logger, pino } from 'pino'
import type { Config } from './config/schema.ts'
import { logOutput } from './log-output.ts'
import { RegistryError } from './oci/registry-error.ts'

/** Names whose values never reach the log, wherever they stand in what is logged. */
const SECRET_NAME = /^(?:proxy-)?authorization$|cookie|password|secret|token$|bearer|private_?key/i
/** Whether a name is one of them; the names that we log are few. */
const secretNames = new Map<string, boolean>()
const KNOWN_NAMES = 500
const STANDARD_OUTPUT = 1
const CENSORED = '‹hidden›'
/** Deeper than anything we log; also what ends a cycle. */
const DEEPEST = 6

/**
 * The logger of the process: one JSON object a line, or lines for people. Lines are written in the background and the
 * rest at exit, so a slow reader of the log never holds up a request. `stream` replaces standard output, in tests.
 */
export async function createLogger(
  config: Pick<Config, 'log' | 'logFormat'>,
  stream?: DestinationStream,
): Promise<Logger> {
  const pretty = config.logFormat === 'pretty' || (config.logFormat === 'auto' && process.stdout.isTTY)
  const target = stream ?? (pretty ? await prettyStream() : logOutput(STANDARD_OUTPUT))
  return pino(
    {
      level: config.log,
      // Every line would say the same.
      base: null,
      serializers: { err: describeError },
      formatters: { log: hideSecrets },
    },
    target,
  )
}

/** In this thread, not in a worker: its start would cost more than all lines of a small server. */
async function prettyStream(): Promise<DestinationStream> {
  const { default: pinoPretty } = await import('pino-pretty')
  return pinoPretty({
    colorize: process.stdout.isTTY,
    singleLine: true,
    sync: true,
    translateTime: 'SYS:HH:MM:ss.l',
  })
}

/** An error without its own properties: those of libraries hold requests, headers and whole configurations. */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error
  const code = 'code' in error ? error.code : undefined
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' && { code }),
    stack: error.stack,
    ...(error.cause !== undefined && depth < DEEPEST && { cause: describeError(error.cause, depth + 1) }),
  }
}

function hideSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  return hideIn(fields, 0)
}

function isSecret(name: string): boolean {
  const known = secretNames.get(name)
  if (known !== undefined) return known
  const found = SECRET_NAME.test(name)
  if (secretNames.size < KNOWN_NAMES) secretNames.set(name, found)
  return found
}

/** Copies only what has something to hide. */
function hideIn(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined
  for (const name of Object.keys(fields)) {
    const value = fields[name]
    const shown = typeof value === 'string' && isSecret(name) ? CENSORED : hideInside(value, depth)
    if (shown !== value) copy = { ...(copy ?? fields), [name]: shown }
  }
  return copy ?? fields
}

function hideInside(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error) return value
  if (depth === DEEPEST) return '…'
  if (Array.isArray(value)) return value.map((item: unknown) => hideInside(item, depth + 1))
  return ArrayBuffer.isView(value) ? `${value.byteLength} bytes` : hideIn({ ...value }, depth + 1)
}

/**
 * Says what failed in the background. While the registry moves to other stores nothing may be written: work that has to
 * wait for that is told of, and is no failure.
 */
export function backgroundFailure(log: Logger, message: string): (error: unknown, what: string) => void {
  return (error, what) => {
    const waits = error instanceof RegistryError && error.code === 'UNAVAILABLE'
    if (waits) log.info({ what, reason: error.message }, 'background work waits')
    else log.error({ err: error, what }, message)
  }
}
