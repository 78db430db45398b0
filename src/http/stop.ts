import { once } from 'node:events'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import type { Listener } from './listener.ts'
import type { Readiness } from './readiness.ts'

export interface StopParts {
  readonly listeners: readonly Listener[]
  readonly config: Pick<Config, 'stopDelay' | 'stopTimeout'>
  readonly readiness: Readiness
  readonly log: Logger
}

/**
 * Stops without cutting anybody off: first not ready, so that load balancers send no more; after `stopDelay` no new
 * connections and no new requests on idle ones; running answers may end within `stopTimeout`, then they are cut.
 */
export async function stopGracefully({ listeners, config, readiness, log }: StopParts): Promise<void> {
  readiness.state = 'stopping'
  log.info({ delayMs: config.stopDelay, timeoutMs: config.stopTimeout }, 'stopping')
  await expired(config.stopDelay).promise
  const closed = Promise.all(listeners.map(({ server }) => once(server.close(), 'close')))
  for (const { connections } of listeners) connections.closeWhenIdle()
  const deadline = expired(config.stopTimeout)
  const late = await Promise.race([closed.then(() => false), deadline.promise.then(() => true)])
  deadline.cancel()
  if (!late) return
  const cut = listeners.reduce((sum, { connections }) => sum + connections.destroyAll(), 0)
  log.warn({ connections: cut }, 'cut what did not end within LAMINA_STOP_TIMEOUT')
  await closed
}

function expired(milliseconds: number): { promise: Promise<void>; cancel: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (milliseconds === 0) resolve()
  const timer = setTimeout(resolve, milliseconds)
  return { promise, cancel: () => clearTimeout(timer) }
}
