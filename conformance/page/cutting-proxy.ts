import net from 'node:net'
import { listen } from '../servers/loopback.ts'

/** A way to a registry that breaks in the middle of every upload of an archive, until it is mended. */
export async function startCuttingProxy(
  target: string,
  bytes: number,
): Promise<{ url: string; mend: () => void; close: () => void }> {
  const { hostname, port } = new URL(target)
  const open = new Set<net.Socket>()
  let broken = true
  const server = net.createServer((client) => {
    const registry = net.connect(Number(port), hostname)
    const both = [client, registry]
    const end = (): void => {
      for (const socket of both) {
        open.delete(socket)
        socket.destroy()
      }
    }
    for (const socket of both) {
      open.add(socket)
      socket.on('error', end).on('close', end)
    }
    let left: number | undefined
    client.on('data', (chunk: Buffer) => {
      if (left === undefined && chunk.includes('POST /api/v1/import?')) left = bytes
      if (left !== undefined) left -= chunk.length
      // A browser tries once more by itself when a connection that it had before breaks.
      if (broken && left !== undefined && left < 0) {
        end()
        return
      }
      if (!registry.write(chunk)) client.pause()
    })
    registry.on('drain', () => client.resume())
    registry.pipe(client)
  })
  const own = await listen(server)
  return {
    url: `http://127.0.0.1:${own}`,
    mend: () => {
      broken = false
    },
    close: () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
