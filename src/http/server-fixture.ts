import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { RequestListener } from './listener.ts'
import { createReadiness, type Readiness } from './readiness.ts'
import { type RunningServer, type ServerParts, startServer } from './server.ts'

export interface TestServer {
  readonly server: RunningServer
  readonly data: string
  readonly readiness: Readiness
  readonly log: string[]
  /** Until when the certificates were good that it took up, in milliseconds. */
  readonly certificates: number[]
  /** Stops the server, if nobody did, and removes its data. */
  readonly dispose: () => Promise<void>
}

/** A server for tests: on a free port, with a data directory of its own and a log in memory. */
export async function startTestServer(
  handler: RequestListener,
  settings: Partial<ServerParts['config']> = {},
): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), 'lamina-server-'))
  const lines: string[] = []
  const log = pino({}, { write: (line) => void lines.push(line) })
  const readiness = createReadiness()
  const config = { ...SETTINGS, data: directory, ...settings }
  const certificates: number[] = []
  const onCertificate = (end: number): void => void certificates.push(end)
  const server = await startServer({ config, handler, sideHandler: handler, onCertificate, log, readiness })
  const dispose = async (): Promise<void> => {
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  }
  return { server, data: config.data, readiness, log: lines, certificates, dispose }
}

const SETTINGS = {
  listen: { host: '127.0.0.1', port: 0 },
  metricsListen: undefined,
  maxConnections: 100,
  headerTimeout: 60_000,
  stallTimeout: 60_000,
  idleTimeout: 60_000,
  stopDelay: 0,
  stopTimeout: 0,
  tlsCert: undefined,
  tlsKey: undefined,
}
