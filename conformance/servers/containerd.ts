import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { must, Server } from './processes.ts'
import { scratchFolder } from './workspace.ts'

/** A containerd of our own, for `ctr`. */
export class Containerd {
  readonly #server: Server
  readonly #folder: { path: string; remove: () => Promise<void> }

  private constructor(server: Server, folder: { path: string; remove: () => Promise<void> }) {
    this.#server = server
    this.#folder = folder
  }

  /** Starts containerd without its Kubernetes part and waits until it answers. */
  static async start(): Promise<Containerd> {
    const folder = await scratchFolder('containerd')
    const at = (name: string): string => path.join(folder.path, name)
    await writeFile(
      at('config.toml'),
      `version = 2\nroot = "${at('root')}"\nstate = "${at('state')}"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "${at('c.sock')}"\n[ttrpc]\naddress = "${at('t.sock')}"\n[plugins."io.containerd.internal.v1.opt"]\npath = "${at('opt')}"\n`,
    )
    const server = await Server.start('containerd', '/usr/bin/containerd', ['--config', at('config.toml')])
    await server.until(() =>
      server.lines.some((line) => line.includes('successfully booted')) ? true : undefined,
    )
    return new Containerd(server, folder)
  }

  /** Runs `ctr …`, which must succeed; its output. */
  ctr(args: string[]): Promise<string> {
    return must('/usr/bin/ctr', ['--address', path.join(this.#folder.path, 'c.sock'), ...args])
  }

  async stop(): Promise<void> {
    await this.#server.stop()
    await this.#folder.remove()
  }
}
