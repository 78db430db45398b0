import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from '../report.ts'
import { checkKubernetes } from '../servers/kubernetes-schema.ts'
import { finish, must } from '../servers/processes.ts'
import { builtTool, projectRoot } from '../servers/workspace.ts'

const folder = path.join(projectRoot, 'deploy/kubernetes')
const chart = path.join(projectRoot, 'deploy/helm/lamina')
/** The secret holds what must not be in a file that people share; docs/operations/kubernetes.md makes it. */
const common = [
  'existingSecret=lamina-secrets',
  'publicUrl=https://registry.example.com',
  'ingress.enabled=true',
  'ingress.host=registry.example.com',
]

/** Plain manifests for who has no Helm, by their files. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  'one-replica.yaml': common,
  'many-replicas.yaml': [
    ...common,
    'replicaCount=2',
    'persistence.enabled=false',
    'blobs.bucket=lamina/registry',
    'blobs.endpoint=https://s3.example.com',
    'networkPolicy.enabled=true',
  ],
}

/** The manifests are what the chart gives now; with WRITE_MANIFESTS=1 they are written again instead. */
export async function manifestsAreCurrent(): Promise<string> {
  const write = process.env['WRITE_MANIFESTS'] === '1'
  await mkdir(folder, { recursive: true })
  for (const [name, values] of Object.entries(FORMS)) {
    const text = await rendered(name, values)
    const file = path.join(folder, name)
    if (write) await writeFile(file, text)
    await checkKubernetes(text)
    expect(
      (await readFile(file, 'utf8')) === text,
      `${name} is not what the chart gives: WRITE_MANIFESTS=1 npm run test:deploy -- manifests`,
    )
  }
  return Object.keys(FORMS).join(', ')
}

async function rendered(name: string, values: readonly string[]): Promise<string> {
  const set = values.flatMap((value) => ['--set', value])
  const text = await must(builtTool('helm'), [
    'template',
    'lamina',
    chart,
    '--namespace',
    'lamina',
    '--kube-version',
    '1.31',
    ...set,
  ])
  return `# ${name}: made from deploy/helm/lamina; docs/operations/kubernetes.md says what to change. Do not edit.\n${text}\n`
}

/** The compose file of a cluster is well formed, and says which variables are missing. */
export async function clusterCompose(): Promise<string> {
  const file = path.join(projectRoot, 'deploy/compose.cluster.yaml')
  const names = [
    'LAMINA_SECRET',
    'LAMINA_ADMIN_PASSWORD',
    'POSTGRES_PASSWORD',
    'S3_KEY',
    'S3_SECRET',
    'GRAFANA_PASSWORD',
  ]
  const env = Object.fromEntries(names.map((name) => [name, 'planted']))
  const services = await must('/usr/bin/docker-compose', ['-f', file, 'config', '--services'], { env })
  expect(services.split('\n').length === 8, `services: ${services}`)
  const empty = Object.fromEntries(names.map((name) => [name, '']))
  const { code, stderr } = await finish('/usr/bin/docker-compose', ['-f', file, 'config', '-q'], {
    env: empty,
  })
  expect(code !== 0 && stderr.includes('set POSTGRES_PASSWORD'), `without variables: ${stderr}`)
  for (const name of ['compose.yaml', 'compose.cluster.yaml']) {
    const text = await readFile(path.join(projectRoot, 'deploy', name), 'utf8')
    expect(!text.includes(':latest'), `${name} takes the latest of something, which changes by itself`)
  }
  await nginxReads()
  return services.replaceAll('\n', ' ')
}

async function nginxReads(): Promise<void> {
  const text = await readFile(path.join(projectRoot, 'deploy/nginx/cluster.conf'), 'utf8')
  // The names of the replicas are known in their own network alone.
  const here = text.replaceAll(/lamina-(\d):5000/g, '127.0.0.1:600$1')
  const config = path.join(projectRoot, '.work', 'nginx-cluster.conf')
  await writeFile(config, `error_log stderr; pid /dev/null; events {} http { access_log off; ${here} }`)
  const { code, stderr } = await finish('/usr/sbin/nginx', ['-t', '-q', '-c', config])
  expect(code === 0, `nginx: ${stderr}`)
}
