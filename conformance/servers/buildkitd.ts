import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Finished, finish, Server } from './processes.ts'
import { builtTool, scratchFolder } from './workspace.ts'

/** A BuildKit of our own, as `docker buildx` runs one, which speaks http to one registry. */
export class Buildkitd {
  readonly #server: Server
  readonly #folder: { path: string; remove: () => Promise<void> }
  readonly #address: string

  private constructor(
    server: Server,
    folder: { path: string; remove: () => Promise<void> },
    address: string,
  ) {
    this.#server = server
    this.#folder = folder
    this.#address = address
  }

  /** Starts it and waits until it answers. */
  static async start(host: string): Promise<Buildkitd> {
    const folder = await scratchFolder('buildkit')
    const at = (name: string): string => path.join(folder.path, name)
    const address = `unix://${at('sock')}`
    const config = at('buildkitd.toml')
    await writeFile(
      config,
      `root = "${at('root')}"\n[grpc]\naddress = ["${address}"]\n[worker.oci]\nnetworkMode = "host"\n[worker.containerd]\nenabled = false\n[registry."${host}"]\nhttp = true\n`,
    )
    const server = await Server.start('buildkitd', builtTool('buildkitd'), ['--config', config])
    const buildkit = new Buildkitd(server, folder, address)
    await server.until(async () => {
      const { code } = await buildkit.#run(['debug', 'workers'])
      return code === 0 ? true : undefined
    })
    return buildkit
  }

  /** Builds the Dockerfile in `folder` and gives what was said of each step. `config`: the directory of docker's logins. */
  async build(folder: string, config: string, options: readonly string[]): Promise<string> {
    const context = ['--local', `context=${folder}`, '--local', `dockerfile=${folder}`]
    const words = ['build', '--progress=plain', '--frontend', 'dockerfile.v0', ...context, ...options]
    const { code, stderr } = await this.#run(words, { DOCKER_CONFIG: config })
    if (code === 0) return stderr
    throw new Error(`buildctl build ended with ${code ?? 'a signal'}: ${stderr.slice(-900)}`)
  }

  /** Forgets everything that was built. */
  async forget(): Promise<void> {
    const { code, stderr } = await this.#run(['prune', '--all'])
    if (code !== 0) throw new Error(`buildctl prune ended with ${code ?? 'a signal'}: ${stderr.slice(-900)}`)
  }

  async stop(): Promise<void> {
    await this.#server.stop()
    await this.#folder.remove()
  }

  #run(words: readonly string[], env?: Record<string, string>): Promise<Finished> {
    return finish(builtTool('buildctl'), ['--addr', this.#address, ...words], env && { env })
  }
}
