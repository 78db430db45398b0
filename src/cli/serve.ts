import { access, constants, stat } from 'node:fs/promises'
import type { Logger } from 'pino'
import { makeDirectory } from '../../storage/make-directory.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import type { Composed } from '../http/composed.ts'
import { createReadiness, type Readiness } from '../http/readiness.ts'
import { type RunningServer, startServer } from '../http/server.ts'
import { StartError } from '../http/start-error.ts'
import { createLogger } from '../log.ts'
import { systemCode } from '../system-code.ts'
import { VERSION } from '../version.ts'
import type { Command, Context } from './command.ts'
import { firstSteps, passwordOfFailedStart, plainHttpAdvice } from './first-steps.ts'
import { privately } from './privately.ts'
import { endAtOnce, untilSignal } from './signals.ts'

export const commands: readonly Command[] = [
  {
    words: 'serve',
    summary: 'Run the registry until SIGTERM or Ctrl-C.',
    details: `Settings come from lamina.yaml and LAMINA_* variables; docs/configuration.md lists them all, and
\`lamina config\` shows what is in effect. Without any, the registry listens on http://127.0.0.1:5000 and
keeps everything in ./data. The first start makes the user admin and prints its password once.

SIGTERM or Ctrl-C ends it gracefully: /readyz says no, new connections are refused a little later, running
transfers end. A second signal ends it at once. SIGHUP, when its terminal is gone, is the same: settings are read at the
start alone, and new files of a certificate are taken up without a signal.`,
    run: async ({ context }) => {
      await privately(() => serve(context))
      return { value: { stopped: true }, text: '' }
    },
  },
]

async function serve(context: Context): Promise<void> {
  const isUp = endAtOnce()
  const { config } = await loadConfig(context.environment, context.directory)
  const log = await createLogger(config)
  const readiness = createReadiness()
  await makeDataDirectory(config.data, log)
  const composed = await composeWith(config, log, readiness)
  try {
    const server = await startServer({ config, ...composed, log, readiness }).catch((error: unknown) => {
      const { password } = composed.firstUser
      if (password !== undefined) context.writeError(passwordOfFailedStart(password))
      throw error
    })
    const signal = untilSignal()
    isUp()
    announce({ config, log, context }, server, composed)
    await signal
    await server.stop()
  } finally {
    await composed.close()
  }
  log.info('stopped')
}

async function composeWith(config: Config, log: Logger, readiness: Readiness): Promise<Composed> {
  // Not among the imports above: help and errors in the configuration need no database.
  const { compose } = await import('../compose.ts')
  return compose(config, log, readiness)
}

async function makeDataDirectory(path: string, log: Logger): Promise<void> {
  try {
    await makeDirectory(path, 0o700)
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
    const { mode } = await stat(path)
    if ((mode & 0o002) !== 0)
      log.warn({ path }, 'every user of this machine may write to the data directory: chmod o-w it')
  } catch (cause) {
    throw new StartError(
      `The data directory ${path} cannot be made, read or written (${systemCode(cause) ?? String(cause)}). Make it this user’s own, or choose another with LAMINA_DATA.`,
      { cause },
    )
  }
}

interface Announcer {
  readonly config: Config
  readonly log: Logger
  readonly context: Context
}

/** The log line that programs wait for, then what people need. The password goes past the log, to the terminal. */
function announce(
  { config, log, context }: Announcer,
  server: RunningServer,
  { firstUser: { isFirst, password } }: Composed,
): void {
  const { url, metricsPort } = server
  log.info({ url, metricsPort, version: VERSION }, 'listening')
  if (config.auth !== 'on') log.warn('LAMINA_AUTH is off: anyone who reaches this server may do anything')
  if (config.metadata !== 'level' && config.blobs.kind === 'filesystem')
    log.info('blobs are on the disk of this machine: only this process can serve this registry')
  const advice = plainHttpAdvice(config)
  if (advice !== undefined) log.warn(advice)
  if (!isFirst && config.adminPassword !== undefined)
    log.info(
      'LAMINA_ADMIN_PASSWORD was not looked at: it counts on the first start alone. `lamina user password admin` changes the password',
    )
  if (password !== undefined) context.writeError(firstSteps(config, server.port, password))
}
