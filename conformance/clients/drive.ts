import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { messageOf, type Report } from '../report.ts'
import type { Certificates } from '../servers/certificates.ts'
import { admin, type StartRegistry } from '../servers/lamina.ts'
import { RecordingProxy } from '../servers/recording-proxy.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { buildkit } from './buildkit.ts'
import { containerd } from './containerd.ts'
import { crane } from './crane.ts'
import { docker } from './docker.ts'
import { helm } from './helm.ts'
import { notation } from './notation.ts'
import { oras } from './oras.ts'
import { podman } from './podman.ts'
import { regctl } from './regctl.ts'
import { skopeo } from './skopeo.ts'
import type { ClientTest, World } from './world.ts'

const all: readonly ClientTest[] = [
  docker,
  podman,
  containerd,
  skopeo,
  crane,
  regctl,
  oras,
  helm,
  notation,
  buildkit,
]

/** Which clients are driven, and against what. */
export interface Drive {
  report: Report
  start: StartRegistry
  /** Names of clients; all when empty. */
  asked: readonly string[]
  /** Each client gets an empty folder in it. */
  folder: string
  /** Over TLS when set, else over http. */
  tls: Certificates | undefined
}

/** Runs the scenarios of all clients against one registry, behind a proxy that watches the wire. */
export async function driveClients({ report, start, asked, folder: base, tls }: Drive): Promise<void> {
  const transport = tls ? 'tls' : 'http'
  const clients = all.filter(
    ({ name, transports }) => (asked.length === 0 || asked.includes(name)) && transports.includes(transport),
  )
  // The server behind the proxy speaks the same scheme: it names itself by it in its challenges.
  const lamina = await start({ name: `clients-${transport}`, ...(tls ? { tls } : {}) })
  const proxy = await RecordingProxy.start({ upstream: lamina.url, ...(tls ? { tls } : {}) })
  try {
    for (const client of clients) {
      const folder = path.join(base, transport, client.name)
      await mkdir(folder, { recursive: true })
      const host = `${tls ? '127.0.0.1' : 'localhost'}:${proxy.port}`
      const registry = new RegistryClient(lamina.url, tls?.ca)
      const world: World = { lamina, proxy, host, tls, ...admin, registry, folder, report }
      await client
        .run(world)
        .catch((error: unknown) => report.fail(`${client.name} ${transport}`, messageOf(error)))
    }
  } finally {
    await proxy.stop()
    await lamina.stop()
  }
}
