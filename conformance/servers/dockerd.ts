import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Finished, finish, must, Server } from './processes.ts'
import { scratchFolder } from './workspace.ts'

/** Debian's client; another `docker` may come first in PATH. */
const docker = '/usr/bin/docker'
const certificateFolder = '/etc/docker/certs.d'

/** A Docker engine of our own: own socket, images and state, nothing shared with one that the machine may run. */
export class Dockerd {
  readonly #server: Server
  readonly #folder: { path: string; remove: () => Promise<void> }
  readonly #trusted: string[] = []
  #lastLogin: Promise<unknown> = Promise.resolve()

  private constructor(server: Server, folder: { path: string; remove: () => Promise<void> }) {
    this.#server = server
    this.#folder = folder
  }

  /** Starts dockerd and waits until it answers. Only with `containers` can it run any that have a network. */
  static async start({ containers = false }: { containers?: boolean } = {}): Promise<Dockerd> {
    const folder = await scratchFolder('docker')
    const at = (name: string): string => path.join(folder.path, name)
    // An empty configuration of our own: the machine's must not leak in.
    await writeFile(at('daemon.json'), '{}')
    const own = [
      '--host',
      `unix://${at('docker.sock')}`,
      '--data-root',
      at('data'),
      '--exec-root',
      at('exec'),
    ]
    const files = ['--pidfile', at('docker.pid'), '--config-file', at('daemon.json')]
    // For images alone: no bridge, no packet filter.
    const network = containers ? [] : ['--iptables=false', '--ip6tables=false', '--bridge=none']
    const server = await Server.start('dockerd', '/usr/sbin/dockerd', [...own, ...files, ...network])
    const dockerd = new Dockerd(server, folder)
    await server.until(async () => ((await dockerd.try(['version'])).code === 0 ? true : undefined))
    return dockerd
  }

  /** Runs `docker …`, whatever comes out. */
  try(args: string[], options: { patience?: number; signal?: AbortSignal } = {}): Promise<Finished> {
    return finish(docker, args, { env: this.environment, ...options })
  }

  /** Runs `docker …`, which must succeed; its output. */
  run(args: string[], options: { patience?: number } = {}): Promise<string> {
    return must(docker, args, { env: this.environment, ...options })
  }

  /** One after the other: docker reads the file of all logins, and writes it anew with one more. */
  login(host: string, user: string, password: string): Promise<string> {
    const login = this.#lastLogin.then(() => this.run(['login', '-u', user, '-p', password, host]))
    this.#lastLogin = login.catch(() => undefined)
    return login
  }

  /** Runs `docker-compose …`, which must succeed; its output. */
  compose(args: string[], env: Record<string, string> = {}): Promise<string> {
    return must('/usr/bin/docker-compose', args, { env: { ...this.environment, ...env }, patience: 300_000 })
  }

  /** The socket of the containerd that it brought along. */
  get containerd(): string {
    return path.join(this.#folder.path, 'exec/containerd/containerd.sock')
  }

  /** Makes the engine trust an authority for one registry; taken back by `stop`. */
  async trust(host: string, ca: string): Promise<void> {
    const folder = path.join(certificateFolder, host)
    await mkdir(folder, { recursive: true })
    this.#trusted.push(folder)
    await cp(ca, path.join(folder, 'ca.crt'))
  }

  /** Stops the engine with its containerd and removes everything it kept. */
  async stop(): Promise<void> {
    await this.#server.stop()
    for (const folder of this.#trusted) await rm(folder, { recursive: true, force: true })
    await unmountBelow(this.#folder.path)
    await this.#folder.remove()
  }

  /** What leads `docker` to this engine. */
  get environment(): Record<string, string> {
    return {
      DOCKER_HOST: `unix://${path.join(this.#folder.path, 'docker.sock')}`,
      DOCKER_CONFIG: path.join(this.#folder.path, 'client'),
      DOCKER_BUILDKIT: '0',
      DOCKER_CLI_EXPERIMENTAL: 'enabled',
    }
  }
}

/** The network namespace of an engine that ran containers stays mounted when it ends. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '')
  for (const mount of mounts.filter((path) => path.startsWith(`${folder}/`)).reverse())
    await must('umount', [mount])
}
