import type { Server } from 'node:net'

/** Has a server listen on a free port of the loopback interface, and gives the port. Rejects when it cannot. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return portOf(server)
}

/** Throws for a server that does not listen, or not on a port. */
export function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port')
  return address.port
}
