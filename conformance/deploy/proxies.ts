import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { makeImage, writeLayout } from '../fixtures/image.ts'
import { expect } from '../report.ts'
import { makeCertificates } from '../servers/certificates.ts'
import { freePort } from '../servers/free-port.ts'
import { admin, Lamina } from '../servers/lamina.ts'
import { finish, must, Server } from '../servers/processes.ts'
import { projectRoot } from '../servers/workspace.ts'

/** More than the default that nginx lets a body have. */
const LAYER = 3_000_000
const ARRIVES = 60_000
/** Caddy cleans its storage when it starts. Where that takes away what its first certificate is saved in, it tries again after 60 s. */
const CADDY_ARRIVES = 150_000

/** A proxy of deploy/ that listens. */
interface Proxy {
  readonly server: Server
  readonly port: number
  /** The authority of its certificate. */
  readonly ca: string
}

const findings = z.object({
  findings: z.array(z.object({ check: z.string(), state: z.string(), found: z.string() })),
})

/** nginx and Caddy with the files of deploy/: `lamina doctor` finds nothing wrong with either, and an image goes in and out. */
export async function proxiesServe(folder: string): Promise<string> {
  const env = { LAMINA_TRUSTED_PROXIES: '127.0.0.1' }
  const lamina = await Lamina.start({ name: 'behind-proxies', data: path.join(folder, 'proxied'), env })
  const image = makeImage({ layers: [{ seed: 'proxies', size: LAYER }] })
  const layout = path.join(folder, 'proxies')
  await writeLayout(image, layout, 'v1')
  try {
    for (const [name, start] of Object.entries({ nginx: startNginx, caddy: startCaddy })) {
      const at = path.join(folder, `proxy-${name}`)
      await mkdir(at, { recursive: true })
      const proxy = await start(at, lamina.port)
      try {
        await examined(proxy)
        const digest = await carried(at, proxy, { layout, repository: `demo/${name}` })
        expect(digest === image.manifest.digest, `${name} gave back ${digest}`)
      } finally {
        await proxy.server.stop()
      }
    }
    return 'nginx and Caddy: doctor content, pushed and pulled over TLS'
  } finally {
    await lamina.stop()
  }
}

/** `deploy/nginx/lamina.conf`, included as it says, with this machine's port and certificate. */
async function startNginx(folder: string, upstream: number): Promise<Proxy> {
  const port = await freePort()
  const { ca, cert, key } = await makeCertificates(folder, ['localhost'])
  const text = await readFile(path.join(projectRoot, 'deploy/nginx/lamina.conf'), 'utf8')
  const temporary = ['client_body', 'proxy'].map((name) => `${name}_temp_path ${folder}/temporary;`)
  await writeFile(
    path.join(folder, 'lamina.conf'),
    text
      .replace('127.0.0.1:5000', `127.0.0.1:${upstream}`)
      .replace('443 ssl', `127.0.0.1:${port} ssl`)
      .replace('/etc/nginx/tls/registry.crt', cert)
      .replace('/etc/nginx/tls/registry.key', key),
  )
  await writeFile(
    path.join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/nginx.pid; events {} http { access_log off; ${temporary.join(' ')} include ${folder}/lamina.conf; }`,
  )
  await mkdir(path.join(folder, 'temporary'), { mode: 0o777 })
  await chmod(folder, 0o755)
  const args = ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', 'stderr']
  const server = await Server.start('deploy-nginx', '/usr/sbin/nginx', args)
  return ready({ server, port, ca })
}

/** `deploy/caddy/Caddyfile` as it is, imported below what this machine asks for: other ports, and nothing trusted. */
async function startCaddy(folder: string, upstream: number): Promise<Proxy> {
  const [port, plain] = [await freePort(), await freePort()]
  const file = path.join(folder, 'Caddyfile')
  const global = `admin off\nhttp_port ${plain}\nhttps_port ${port}\nskip_install_trust\nstorage file_system ${folder}/storage`
  await writeFile(file, `{\n${global}\n}\nimport ${path.join(projectRoot, 'deploy/caddy/Caddyfile')}\n`)
  const env = { LAMINA_HOST: 'localhost', LAMINA_UPSTREAM: `127.0.0.1:${upstream}`, HOME: folder }
  const args = ['run', '--config', file, '--adapter', 'caddyfile']
  const server = await Server.start('deploy-caddy', '/usr/bin/caddy', args, { env })
  const ca = path.join(folder, 'storage/pki/authorities/local/root.crt')
  return ready({ server, port, ca }, CADDY_ARRIVES)
}

async function ready(proxy: Proxy, patience = ARRIVES): Promise<Proxy> {
  const answers = async () => {
    const { code } = await finish('curl', ['-sf', '--cacert', proxy.ca, `${address(proxy)}/healthz`])
    return code === 0 ? true : undefined
  }
  await proxy.server.until(answers, patience)
  return proxy
}

/** What `lamina doctor` sees of a registry through it. */
async function examined(proxy: Proxy): Promise<void> {
  const args = ['doctor', '--json', '--address-only', '--url', address(proxy)]
  const env = { NODE_EXTRA_CA_CERTS: proxy.ca }
  const { stdout, stderr } = await finish(path.join(projectRoot, 'bin/lamina'), args, { env })
  expect(stdout.startsWith('{'), stderr)
  const all = findings.parse(JSON.parse(stdout)).findings
  for (const check of ['proxy-origin', 'proxy-body', 'proxy-header'])
    expect(
      all.some((one) => one.check === check),
      `${check} was not looked at`,
    )
  const wrong = all.filter(({ state }) => state !== 'good')
  expect(wrong.length === 0, wrong.map(({ check, found }) => `${check}: ${found}`).join('; '))
}

/** Pushes an image through it and pulls it again; the digest of what came back. */
async function carried(
  folder: string,
  proxy: Proxy,
  { layout, repository }: { readonly layout: string; readonly repository: string },
): Promise<string> {
  const certs = path.join(folder, 'certs')
  await mkdir(certs)
  await copyFile(proxy.ca, path.join(certs, 'ca.crt'))
  const target = `docker://localhost:${proxy.port}/${repository}:v1`
  const login = `${admin.user}:${admin.password}`
  await must('skopeo', ['copy', '--dest-cert-dir', certs, '--dest-creds', login, `oci:${layout}:v1`, target])
  const back = `dir:${path.join(folder, 'back')}`
  await must('skopeo', ['copy', '--src-cert-dir', certs, '--src-creds', login, target, back])
  return must('skopeo', ['inspect', '--format', '{{.Digest}}', back])
}

function address({ port }: Proxy): string {
  return `https://localhost:${port}`
}
