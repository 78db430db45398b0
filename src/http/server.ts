import { once } from 'node:events'
import type { Server } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Logger } from 'pino'
import { joinHostPort } from '../config/address.ts'
import type { Config } from '../config/schema.ts'
import { systemCode } from '../system-code.ts'
import { listenOnControlSocket } from './control-socket.ts'
import { createListener, type Limits, type Listener, type RequestListener } from './listener.ts'
import type { Readiness } from './readiness.ts'
import { StartError } from './start-error.ts'
import { type StopParts, stopGracefully } from './stop.ts'
import { endOf, readTlsPair, type TlsPair, type TlsWatch, watchTlsPair } from './tls-files.ts'

export interface ServerParts {
  readonly config: Limits &
    Pick<Config, 'listen' | 'metricsListen' | 'data' | 'tlsCert' | 'tlsKey' | 'stopDelay' | 'stopTimeout'>
  readonly handler: RequestListener
  /** What answers on metrics-listen. */
  readonly sideHandler: RequestListener
  /** Hears until when each certificate is good that clients are shown from now on, in milliseconds. */
  readonly onCertificate: (end: number) => void
  readonly log: Logger
  readonly readiness: Readiness
}

export interface RunningServer {
  /** Where it listens, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** Where metrics-listen is, when it is set. */
  readonly metricsPort: number | undefined
  /** Looks at the TLS files now instead of in a few seconds; nothing without TLS. */
  checkTls(): Promise<void>
  /** Ends gracefully (see stopGracefully); the same promise when called again. */
  stop(): Promise<void>
}

/**
 * Listens on the configured address and on the control socket of the data directory, which must exist.
 * Throws StartError when either is impossible; then nothing listens.
 */
export async function startServer(parts: ServerParts): Promise<RunningServer> {
  const { config, handler, log, readiness } = parts
  const paths = tlsPaths(config)
  const tls = paths && (await readTlsPair(paths))
  const control = createListener({ limits: config, handler, log })
  const front = createListener({ limits: config, handler, log, tls })
  const release = await listenOnControlSocket(control.server, config.data)
  const side = createListener({ limits: config, handler: parts.sideHandler, log })
  const { port, metricsPort } = await listenOnBoth({ front, side }, config).catch(async (error: unknown) => {
    await once(control.server.close(), 'close')
    await release()
    throw error
  })
  const use = (pair: TlsPair): void => {
    replacePair(front, pair)
    parts.onCertificate(endOf(pair))
  }
  if (tls !== undefined) parts.onCertificate(endOf(tls))
  const watch = paths && tls && (await watchTlsPair(paths, { log, first: tls, use }))
  readiness.state = 'ready'
  let stopped: Promise<void> | undefined
  return {
    url: `${tls ? 'https' : 'http'}://${joinHostPort(config.listen.host ?? 'localhost', port)}`,
    port,
    metricsPort,
    checkTls: async () => {
      await watch?.check()
    },
    stop: () =>
      (stopped ??= stop(
        {
          listeners: side.server.listening ? [front, side, control] : [front, control],
          config,
          readiness,
          log,
        },
        watch,
        release,
      )),
  }
}

function tlsPaths({ tlsCert, tlsKey }: ServerParts['config']): { cert: string; key: string } | undefined {
  return tlsCert === undefined || tlsKey === undefined ? undefined : { cert: tlsCert, key: tlsKey }
}

function replacePair({ server }: Listener, pair: TlsPair): void {
  if ('setSecureContext' in server) server.setSecureContext(pair)
}

async function stop(
  parts: StopParts,
  watch: TlsWatch | undefined,
  release: () => Promise<void>,
): Promise<void> {
  await stopGracefully(parts)
  watch?.stop()
  await release()
}

/** The side is opened where it has an address. */
async function listenOnBoth(
  { front, side }: { readonly front: Listener; readonly side: Listener },
  { listen: address, metricsListen }: Pick<Config, 'listen' | 'metricsListen'>,
): Promise<{ readonly port: number; readonly metricsPort: number | undefined }> {
  const port = await listen(front.server, address, 'LAMINA_LISTEN')
  if (metricsListen === undefined) return { port, metricsPort: undefined }
  try {
    return { port, metricsPort: await listen(side.server, metricsListen, 'LAMINA_METRICS_LISTEN') }
  } catch (error) {
    await once(front.server.close(), 'close')
    throw error
  }
}

/** Resolves with the port. */
async function listen(
  server: Server | HttpsServer,
  { host, port }: Config['listen'],
  setting: string,
): Promise<number> {
  try {
    server.listen({ port, ...(host !== undefined && { host }) })
    await once(server, 'listening')
  } catch (cause) {
    throw new StartError(whyNot(cause, joinHostPort(host ?? '*', port), setting), { cause })
  }
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

function whyNot(cause: unknown, where: string, setting: string): string {
  const next = `choose another address with ${setting}.`
  const code = systemCode(cause)
  switch (code) {
    case 'EADDRINUSE':
      return `Cannot listen on ${where}: another program already does. Stop that one, or ${next}`
    case 'EACCES':
      return `Cannot listen on ${where}: this user may not. Ports below 1024 need a right of their own; ${next}`
    case 'EADDRNOTAVAIL':
      return `Cannot listen on ${where}: this machine has no such address; ${next}`
    case 'ENOTFOUND':
      return `Cannot listen on ${where}: the name leads to no address; ${next}`
    case undefined:
    default:
      return `Cannot listen on ${where} (${code ?? String(cause)}); ${next}`
  }
}
