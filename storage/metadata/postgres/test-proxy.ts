import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What happens to one COMMIT: it never arrives, its answer is lost, or the cable is pulled while it is on its way. */
export type Cut = 'before' | 'after' | 'during'

const QUERY_OF_COMMIT = 'commit\0'
const ANSWER_OF_COMMIT = 'COMMIT\0'

/** A cable to a PostgreSQL that can be pulled. Speaks nothing; it looks for COMMIT in what passes. */
export class TestProxy {
  readonly #target: URL
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #isDown = false
  /** Whether it swallows all that comes, and cuts nothing. */
  isSilent = false
  /** What arrives of what is sent; all of it, unless told. */
  change: (sent: Buffer) => Buffer = (sent) => sent
  /** Asked for each COMMIT; undefined lets it pass. */
  cut: () => Cut | undefined = () => undefined

  private constructor(target: URL) {
    this.#target = target
    this.#server = createServer({ noDelay: true }, (client) => this.#join(client))
  }

  static async open(target: string): Promise<TestProxy> {
    const proxy = new TestProxy(new URL(target))
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  /** The target's URL, through the proxy. */
  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
    const url = new URL(this.#target)
    url.host = `127.0.0.1:${address.port}`
    return url.href
  }

  /** Cuts every connection, and new ones at once until `up`. */
  down(): void {
    this.#isDown = true
    for (const socket of this.#sockets) socket.destroy()
  }

  up(): void {
    this.#isDown = false
  }

  async close(): Promise<void> {
    this.down()
    await once(this.#server.close(), 'close')
  }

  #join(client: Socket): void {
    if (this.#isDown) {
      client.destroy()
      return
    }
    const server = connect({ port: Number(this.#target.port), host: this.#target.hostname, noDelay: true })
    const end = (): void => {
      client.destroy()
      server.destroy()
      this.#sockets.delete(client)
    }
    let losesAnswer = false
    client.on('data', (bytes) => {
      if (this.isSilent) return
      const cut = bytes.includes(QUERY_OF_COMMIT) ? this.cut() : undefined
      if (cut === 'before') return end()
      losesAnswer = cut === 'after'
      server.write(this.change(bytes), () => {
        if (cut === 'during') end()
      })
    })
    server.on('data', (bytes) => {
      if (this.isSilent) return
      if (losesAnswer && bytes.includes(ANSWER_OF_COMMIT)) return end()
      client.write(bytes)
    })
    for (const socket of [client, server]) socket.on('error', end).on('close', end)
    this.#sockets.add(client)
  }
}
