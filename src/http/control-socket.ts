import { once } from 'node:events'
import { lstat, unlink } from 'node:fs/promises'
import type { IncomingMessage, Server } from 'node:http'
import { createConnection, type Socket } from 'node:net'
import { systemCode } from '../system-code.ts'
import { controlSocketPath, type ShortPath, shortSocketPath } from './control-path.ts'
import { StartError } from './start-error.ts'

const controlConnections = new WeakSet<Socket>()

/**
 * Whether `request` came over the control socket. Only the user that the server runs as can open that, and it can read
 * the database anyway: such a request is the administrator's.
 */
export function isControlRequest(request: IncomingMessage): boolean {
  return controlConnections.has(request.socket)
}

/**
 * Makes `server` listen on the control socket of `data`. Only the server's own user can ever open it. Throws StartError
 * when another server is there, or the socket cannot be made. Returns what to call once the server is closed.
 */
export async function listenOnControlSocket(server: Server, data: string): Promise<() => Promise<void>> {
  const path = controlSocketPath(data)
  const short = await shortSocketPath(path).catch((cause: unknown) => {
    throw new StartError(
      `The control socket cannot be made: ${String(cause)}. Choose a shorter LAMINA_DATA.`,
      { cause },
    )
  })
  try {
    await removeStale(path, short)
    server.on('connection', (socket: Socket) => controlConnections.add(socket))
    await listenPrivately(server, short.path)
  } catch (error) {
    await short.close()
    if (error instanceof StartError) throw error
    throw new StartError(
      `The control socket ${path} cannot be made: ${systemCode(error) ?? String(error)}.`,
      {
        cause: error,
      },
    )
  }
  // The server itself removes the file when it closes.
  return short.close
}

/** The mode of the socket comes from the mask at the moment of bind, which happens inside listen(): no gap to use. */
async function listenPrivately(server: Server, path: string): Promise<void> {
  const mask = process.umask(0o177)
  try {
    server.listen(path)
  } finally {
    process.umask(mask)
  }
  await once(server, 'listening')
}

/** A server that was killed leaves its socket behind: it is removed if nobody answers there. */
async function removeStale(path: string, short: ShortPath): Promise<void> {
  // What cannot be looked at is not removed; binding then says what is in the way.
  const facts = await lstat(path).catch(() => undefined)
  if (facts === undefined) return
  if (!facts.isSocket())
    throw new StartError(`${path} is in the way of the control socket. Remove it, then start again.`)
  if (await answers(short.path))
    throw new StartError(
      `Another lamina already serves the data directory of ${path}. Stop it, or choose another LAMINA_DATA.`,
    )
  await unlink(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path)
    const done = (alive: boolean): void => {
      socket.destroy()
      resolve(alive)
    }
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
}
