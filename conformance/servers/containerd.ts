import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { messageOf } from '../report.ts'
import { must, Server } from './processes.ts'
import { scratchFolder } from './workspace.ts'

/**
 * How Debian's ctr ends when its gRPC (1.47) loses what its own daemon was sending it: a race that was mended in 1.48
 * (grpc-go #5494). An answer of a registry never comes as an "rpc error".
 */
const LOST_BY_CTR = 'rpc error: code = Internal desc = unexpected EOF'
const PUSHES = 3

/** A containerd of our own, for `ctr`. */
export class Containerd {
  readonly #server: Server
  readonly #folder: { path: string; remove: () => Promise<void> }

  private constructor(server: Server, folder: { path: string; remove: () => Promise<void> }) {
    this.#server = server
    this.#folder = folder
  }

  /** Starts containerd, with or without its Kubernetes part, and waits until it answers. */
  static async start({ kubernetes = false } = {}): Promise<Containerd> {
    const folder = await scratchFolder('containerd')
    const at = (name: string): string => path.join(folder.path, name)
    const plugin = 'io.containerd.grpc.v1.cri'
    const cri = kubernetes
      ? `[plugins."${plugin}".containerd]\nsnapshotter = "native"\n`
      : `disabled_plugins = ["${plugin}"]\n`
    await writeFile(
      at('config.toml'),
      `version = 2\nroot = "${at('root')}"\nstate = "${at('state')}"\n${kubernetes ? '' : cri}[grpc]\naddress = "${at('c.sock')}"\n[ttrpc]\naddress = "${at('t.sock')}"\n[plugins."io.containerd.internal.v1.opt"]\npath = "${at('opt')}"\n${kubernetes ? cri : ''}`,
    )
    const server = await Server.start('containerd', '/usr/bin/containerd', ['--config', at('config.toml')])
    await server.until(() =>
      server.lines.some((line) => line.includes('successfully booted')) ? true : undefined,
    )
    return new Containerd(server, folder)
  }

  /** Where it listens. */
  get socket(): string {
    return path.join(this.#folder.path, 'c.sock')
  }

  /** Runs `ctr …`, which must succeed; its output. */
  ctr(args: string[]): Promise<string> {
    return must('/usr/bin/ctr', ['--address', this.socket, ...args])
  }

  /** Pushes an image of the daemon, again where ctr has lost what it read from it. */
  async push(args: string[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.ctr(['images', 'push', ...args])
        return
      } catch (error) {
        if (attempt === PUSHES || !messageOf(error).includes(LOST_BY_CTR)) throw error
        console.log('  ctr lost what it read from its daemon (grpc-go #5494); it pushes again')
      }
    }
  }

  async stop(): Promise<void> {
    await this.#server.stop()
    await this.#folder.remove()
  }
}
