import net from 'node:net'
import { listen, portOf } from './loopback.ts'

/**
 * A fixed address before a server that may move, as a virtual IP or HAProxy is before PostgreSQL: forwards bytes, can be
 * pointed elsewhere, and can cut what is connected.
 */
export class TcpSwitch {
  readonly #server: net.Server
  readonly #open = new Set<net.Socket>()
  #target: number
  /**
   * Sees each chunk that goes to the server. `before` cuts both sides and the chunk is lost; `after` delivers it and
   * loses the answer.
   */
  onSend: ((chunk: Buffer) => 'before' | 'after' | undefined) | undefined

  private constructor(server: net.Server, target: number) {
    this.#server = server
    this.#target = target
    server.on('connection', (client) => this.#connect(client))
  }

  /** Listens on a free loopback port. */
  static async start(target: number): Promise<TcpSwitch> {
    const server = net.createServer({ noDelay: true })
    const made = new TcpSwitch(server, target)
    await listen(server)
    return made
  }

  get port(): number {
    return portOf(this.#server)
  }

  /** Where new connections go from now on; those that are open are cut. */
  point(target: number): void {
    this.#target = target
    this.cut()
  }

  /** Cuts every connection; answers on the way are lost. */
  cut(): void {
    for (const socket of this.#open) socket.destroy()
  }

  async stop(): Promise<void> {
    this.cut()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #connect(client: net.Socket): void {
    const server = net.connect({ port: this.#target, host: '127.0.0.1', noDelay: true })
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#open.add(one)
      one.on('close', () => {
        this.#open.delete(one)
        // Ends in order: what was sent before still arrives.
        other.end()
      })
      one.on('error', () => other.destroy())
    }
    client.on('data', (chunk: Buffer) => {
      const cut = this.onSend?.(chunk)
      if (cut === undefined) {
        if (!server.write(chunk)) client.pause()
        return
      }
      if (cut === 'after') server.end(chunk)
      else server.destroy()
      client.destroy()
    })
    server.on('drain', () => client.resume())
    server.pipe(client)
  }
}
