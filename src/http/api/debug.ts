import { RegistryError } from '../../oci/registry-error.ts'
import type { Exchange, Handler } from '../exchange.ts'
import type { Route } from '../route.ts'
import { answer } from './answers.ts'

/** Looks into the process. */
export interface DebugPort {
  state(): object
  /** The text of a .cpuprofile, after so many milliseconds or on the signal. */
  profile(milliseconds: number, signal: AbortSignal): Promise<string>
}

/** Seconds of a profile unless told, and at most: the answer waits for so long. */
const SECONDS = 10
const MOST_SECONDS = 60

/** For the administrator alone: the process from inside. */
export function debugRoutes(port: DebugPort): Route[] {
  const right = 'administrator'
  const show: Handler = () => Promise.resolve(answer(200, port.state()))
  return [
    { operationId: 'getDebug', method: 'GET', path: '/debug', right, handle: show },
    {
      operationId: 'profileProcessor',
      method: 'POST',
      path: '/debug/cpu-profile',
      right,
      handle: profileOnce(port),
    },
  ]
}

/** One at a time: two would measure each other. */
function profileOnce(port: DebugPort): Handler {
  let running = false
  return async (exchange) => {
    const seconds = secondsOf(exchange)
    if (running) throw new RegistryError('CONFLICT', { message: 'a profile is being made; wait for its end' })
    running = true
    const gone = new AbortController()
    const leave = (): void => gone.abort()
    exchange.request.socket.once('close', leave)
    try {
      const body = await port.profile(seconds * 1000, gone.signal)
      const headers = {
        'content-type': 'application/json',
        'content-disposition': 'attachment; filename="lamina.cpuprofile"',
        'cache-control': 'no-store',
      }
      return { status: 200, headers, body }
    } finally {
      exchange.request.socket.off('close', leave)
      running = false
    }
  }
}

function secondsOf({ query }: Exchange): number {
  const text = query.get('seconds') ?? String(SECONDS)
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (seconds >= 1 && seconds <= MOST_SECONDS) return seconds
  throw new RegistryError('REQUEST_INVALID', {
    message: `seconds takes a whole number from 1 to ${MOST_SECONDS}`,
    detail: { field: 'seconds' },
  })
}
