import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { messageOf, Report } from '../report.ts'
import { type Certificates, makeCertificates } from '../servers/certificates.ts'
import { admin, Lamina } from '../servers/lamina.ts'
import { RecordingProxy } from '../servers/recording-proxy.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { containerd } from './containerd.ts'
import { crane } from './crane.ts'
import { docker } from './docker.ts'
import { helm } from './helm.ts'
import { oras } from './oras.ts'
import { podman } from './podman.ts'
import { regctl } from './regctl.ts'
import { skopeo } from './skopeo.ts'
import type { ClientTest, World } from './world.ts'

// `npm run test:clients [-- NAME…]`: real clients, authentication on, over http and TLS, watched on the wire.
const all: readonly ClientTest[] = [docker, podman, containerd, skopeo, crane, regctl, oras, helm]
const asked = process.argv.slice(2)
const chosen = all.filter(({ name }) => asked.length === 0 || asked.includes(name))
const report = new Report('clients')
const scratch = await scratchFolder('clients')
try {
  await drive('http', undefined)
  await drive('tls', await makeCertificates(scratch.path, ['localhost', '127.0.0.1']))
} finally {
  await scratch.remove()
}
report.finish()

async function drive(transport: 'http' | 'tls', tls: Certificates | undefined): Promise<void> {
  const clients = chosen.filter(({ transports }) => transports.includes(transport))
  // The server behind the proxy speaks the same scheme: it names itself by it in its challenges.
  const data = path.join(scratch.path, `data-${transport}`)
  const lamina = await Lamina.start({ name: `lamina-clients-${transport}`, data, ...(tls ? { tls } : {}) })
  const proxy = await RecordingProxy.start({ upstream: lamina.url, ...(tls ? { tls } : {}) })
  try {
    for (const client of clients) {
      const folder = path.join(scratch.path, transport, client.name)
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
