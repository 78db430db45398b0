import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { blocksOf } from '../docs/blocks.ts'
import { expect } from '../report.ts'
import { checkKubernetes } from '../servers/kubernetes-schema.ts'
import { finish, must } from '../servers/processes.ts'
import { builtTool, projectRoot, workFolder } from '../servers/workspace.ts'

const chart = path.join(projectRoot, 'deploy/helm/lamina')
const many = [
  'persistence.enabled=false',
  'blobs.bucket=images/registry',
  'metadata.url=postgres://lamina@db/lamina',
  `secret=${'s'.repeat(40)}`,
]

/** The chart is well formed, and each form has what it takes to run. */
export async function chartForms(): Promise<string> {
  await must(builtTool('helm'), ['lint', '--strict', chart])
  const one = await template([])
  expect(
    (await kinds(one)) === 'Secret Service ServiceAccount StatefulSet',
    `one replica: ${await kinds(one)}`,
  )
  const all = await template([
    ...many,
    'replicaCount=3',
    'ingress.enabled=true',
    'autoscaling.enabled=true',
    'serviceMonitor.enabled=true',
    'networkPolicy.enabled=true',
  ])
  const wanted =
    '(ServiceMonitor) Deployment HorizontalPodAutoscaler Ingress NetworkPolicy PodDisruptionBudget Secret Service ServiceAccount'
  expect((await kinds(all)) === wanted, `many replicas: ${await kinds(all)}`)
  for (const line of [
    'value: "s3://images/registry"',
    'readOnlyRootFilesystem: true',
    'path: /readyz',
    'port: metrics',
  ])
    expect(all.includes(line), `many replicas lack ${line}`)
  await misspelt(one)
  await secretsAsFiles()
  return 'one replica on a volume, many with everything on; valid for Kubernetes 1.30'
}

/** Replicas whose secrets are files of a volume, with the values of deploy/README.md, have none in their environment. */
async function secretsAsFiles(): Promise<void> {
  const blocks = blocksOf(
    'deploy/README.md',
    await readFile(path.join(projectRoot, 'deploy/README.md'), 'utf8'),
  )
  const values = blocks.find(({ text }) => text.includes('extraVolumeMounts:'))?.text
  expect(values !== undefined, 'deploy/README.md shows no secrets as files')
  const folder = await workFolder('chart')
  const file = path.join(folder, 'secret-files.yaml')
  await writeFile(file, values)
  const rendered = await must(builtTool('helm'), [
    ...templateArguments(['persistence.enabled=false', 'blobs.bucket=images']),
    '--values',
    file,
  ])
  for (const line of ['name: LAMINA_SECRET_FILE', 'mountPath: /etc/lamina/secrets', 'stringData:\n  {}'])
    expect(rendered.includes(line), `secrets as files: no ${line}`)
  await kinds(rendered)
}

/** Proves that the schemas would see a mistake. */
async function misspelt(manifests: string): Promise<void> {
  const wrong = manifests.replace('serviceAccountName:', 'serviceAcountName:')
  const said = await kinds(wrong).catch((error: unknown) => String(error))
  expect(said.includes('serviceAcountName'), `a misspelt field is not seen: ${said}`)
}

/** Values that cannot work are refused with the key, before anything is installed. */
export async function wrongValues(): Promise<string> {
  const wrong: readonly [string[], string][] = [
    [['replicaCount=2'], '/replicaCount'],
    [['persistence.enabled=false'], '/blobs/bucket'],
    [['persistence.enabled=false', 'blobs.bucket=images'], 'metadata.url'],
    [['persistence.size=much'], '/persistence/size'],
    [['image.digest=sha256:12'], '/image/digest'],
    [['tls.enabled=true'], '/tls/secretName'],
    [['config.listen=1'], 'listen'],
    [['publicUrl=registry.example.com'], '/publicUrl'],
    [['sceret=typo'], 'sceret'],
  ]
  for (const [values, key] of wrong) {
    const { code, stderr } = await finish(builtTool('helm'), templateArguments(values))
    expect(code !== 0, `${values.join()} was accepted`)
    expect(stderr.includes(key), `${values.join()} is refused without ${key}: ${stderr}`)
  }
  return `${wrong.length} refused`
}

function template(values: string[]): Promise<string> {
  return must(builtTool('helm'), templateArguments(values))
}

function templateArguments(values: string[]): string[] {
  return [
    'template',
    'registry',
    chart,
    '--kube-version',
    '1.31',
    ...values.flatMap((value) => ['--set', value]),
  ]
}

/** The kinds of objects, each of which keeps to the schemas of Kubernetes. */
async function kinds(manifests: string): Promise<string> {
  return (await checkKubernetes(manifests)).toSorted().join(' ')
}
