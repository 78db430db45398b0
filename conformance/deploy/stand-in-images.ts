import { cp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Dockerd } from '../servers/dockerd.ts'
import { must } from '../servers/processes.ts'
import { cephConfiguration } from '../servers/s3.ts'
import { projectRoot } from '../servers/workspace.ts'

const source = path.join(projectRoot, 'conformance/deploy/stand-ins')
const BASE = 'stand-in/debian:local'
const PACKAGES = [
  'postgresql-15',
  'radosgw',
  'ceph-mon',
  'ceph-osd',
  'ceph-common',
  'nginx-light',
  'prometheus',
  'curl',
]
/** Made by what installs packages, and in no package's list. */
const MADE = [
  'etc/passwd',
  'etc/group',
  'etc/ld.so.cache',
  'etc/alternatives',
  'tmp',
  'bin',
  'sbin',
  'lib',
  'lib64',
]
const minutes = 60_000

/** Variables of compose.cluster.yaml that name an image, and the stage of stand-ins/Dockerfile that takes its place. */
const STAGES = [
  ['POSTGRES_IMAGE', 'postgres'],
  ['S3_IMAGE', 's3'],
  ['NGINX_IMAGE', 'nginx'],
  ['PROMETHEUS_IMAGE', 'prometheus'],
  ['CURL_IMAGE', 'curl'],
] as const

/**
 * Images for every service of compose.cluster.yaml that Debian has, from the packages that this machine has installed;
 * gives the variables that name them.
 */
export async function makeStandIns(engine: Dockerd, folder: string): Promise<Record<string, string>> {
  await importPackages(engine, folder)
  const context = path.join(folder, 'stand-ins')
  await cp(source, context, { recursive: true })
  await writeFile(path.join(context, 'ceph.conf'), cephConfiguration({ folder: '/run/stand-in', port: 6000 }))
  const images: Record<string, string> = {}
  for (const [variable, stage] of STAGES) {
    const image = `stand-in/${stage}:local`
    await engine.run(['build', '--target', stage, '-t', image, context], { patience: 2 * minutes })
    images[variable] = image
  }
  return images
}

/** The files of some packages, of all that they depend on, and of what every Debian has. */
async function importPackages(engine: Dockerd, folder: string): Promise<void> {
  const strict = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(
    (kind) => `--no-${kind}`,
  )
  const listed = await must('apt-cache', ['depends', '--recurse', '--installed', ...strict, ...PACKAGES])
  const marked = await must('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Essential} ${Package}\n'])
  // What is depended on may also be a name that several packages provide.
  const dependencies = new Set(listed.split('\n').map((line) => line.replace(/:.*/, '')))
  const packages = [...marked.matchAll(/^installed (yes|no|) ?(\S+)$/gm)].flatMap(
    ([, essential, name = '']) => (essential === 'yes' || dependencies.has(name) ? [name] : []),
  )
  const files = await must('dpkg-query', ['-L', ...packages])
  const list = path.join(folder, 'stand-in-files')
  await writeFile(list, [...new Set([...MADE, ...files.split('\n').flatMap(wanted)])].join('\n'))
  const archive = path.join(folder, 'stand-in.tar')
  const how = ['--no-recursion', '--ignore-failed-read', '--verbatim-files-from', '-T', list]
  await must('tar', ['-C', '/', '-cf', archive, ...how], { patience: 5 * minutes })
  await engine.run(['import', archive, BASE], { patience: 5 * minutes })
}

/** The path of a file as the archive has it: /bin and its like are links, and documents are left out. */
function wanted(line: string): string[] {
  if (!line.startsWith('/') || /^\/(?:\.|s?bin|lib(?:64)?)$/.test(line)) return []
  if (/^\/usr\/share\/(?:doc|man|locale|info)\//.test(line)) return []
  return [line.replace(/^\/(s?bin|lib(?:64)?)\//, '/usr/$1/').slice(1)]
}
