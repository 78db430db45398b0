import { cp, mkdir, symlink } from 'node:fs/promises'
import path from 'node:path'
import type { Dockerd } from '../servers/dockerd.ts'
import { must } from '../servers/processes.ts'

/** What the Dockerfile takes in place of images of a public registry. */
export const BUILD_IMAGE = 'base/build:local'
export const RUN_IMAGE = 'base/run:local'

const authorities = '/etc/ssl/certs/ca-certificates.crt'
const minutes = 60_000

/** A plain Debian, and one with this machine's Node and npm, made without a registry. */
export async function makeBaseImages(engine: Dockerd, folder: string): Promise<void> {
  const root = path.join(folder, 'rootfs')
  await must(
    'debootstrap',
    ['--variant=minbase', '--include=ca-certificates', 'bookworm', root, 'http://deb.debian.org/debian'],
    { patience: 10 * minutes },
  )
  await importRoot(engine, folder, RUN_IMAGE, [])
  const npm = path.dirname(path.dirname(await must('readlink', ['-f', await must('which', ['npm'])])))
  await cp(await must('readlink', ['-f', await must('which', ['node'])]), path.join(root, 'usr/bin/node'))
  await mkdir(path.join(root, 'usr/lib/node_modules'), { recursive: true })
  await cp(npm, path.join(root, 'usr/lib/node_modules/npm'), { recursive: true, dereference: true })
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', path.join(root, 'usr/bin/npm'))
  // A machine behind a proxy with an authority of its own lends it to the build.
  await cp(authorities, path.join(root, authorities))
  await importRoot(engine, folder, BUILD_IMAGE, [
    '--change',
    `ENV NODE_EXTRA_CA_CERTS=${authorities} NPM_CONFIG_CAFILE=${authorities}`,
  ])
}

async function importRoot(engine: Dockerd, folder: string, name: string, changes: string[]): Promise<void> {
  const archive = path.join(folder, 'root.tar')
  await must('tar', ['-C', path.join(folder, 'rootfs'), '-cf', archive, '.'], { patience: 5 * minutes })
  await engine.run(['import', ...changes, archive, name], { patience: 5 * minutes })
}
