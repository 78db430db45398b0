import { once } from 'node:events'
import net from 'node:net'
import { listen } from '../servers/loopback.ts'

/** A way to a registry that breaks. */
export interface CuttingProxy {
  readonly url: string
  /** Resolves when the registry is done with what came before the breaks. */
  arrived(): Promise<unknown>
  mend(): void
  close(): void
}

/**
 * Breaks in the middle of every upload of an archive, after so many bytes, until it is mended. The browser is cut off at
 * once; what it had sent by then still reaches the registry.
 */
export async function startCuttingProxy(target: string, bytes: number): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target)
  const open = new Set<net.Socket>()
  const ends: Promise<unknown>[] = []
  let broken = true
  const server = net.createServer((client) => {
    const registry = net.connect(Number(port), hostname)
    const fail = (): void => {
      client.destroy()
      registry.destroy()
    }
    for (const socket of [client, registry]) {
      open.add(socket)
      socket.on('error', fail).on('close', () => open.delete(socket))
    }
    // Read to its end, or it would never close.
    client.on('close', () => registry.unpipe(client).resume().end())
    registry.on('close', () => client.destroy())
    let left: number | undefined
    client.on('data', (chunk: Buffer) => {
      if (left === undefined && chunk.includes('POST /api/v1/import?')) left = bytes
      if (left !== undefined) left -= chunk.length
      // A browser tries once more by itself when a connection that it had before breaks.
      if (broken && left !== undefined && left < 0) {
        ends.push(once(registry, 'close'))
        client.destroy()
      } else if (!registry.write(chunk)) client.pause()
    })
    registry.on('drain', () => client.resume())
    registry.pipe(client)
  })
  const own = await listen(server)
  return {
    url: `http://127.0.0.1:${own}`,
    arrived: () => Promise.all(ends),
    mend: () => {
      broken = false
    },
    close: () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
