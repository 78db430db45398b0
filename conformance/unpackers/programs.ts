import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { admin } from '../servers/lamina.ts'
import { must } from '../servers/processes.ts'

/** A way from a registry, or from an image's archives, to a folder of files. */
export interface Unpacker {
  readonly name: string
  /** Calls `use` with the folder; what it made is gone afterwards, or goes with `folder`. */
  unpack(image: Unpacked, folder: string, use: (root: string) => Promise<void>): Promise<void>
}

export interface Unpacked {
  /** host:port/repository:tag */
  readonly reference: string
  /** The uncompressed layers, base first. */
  readonly archives: readonly Buffer[]
}

/** skopeo pulls, umoci unpacks. */
export const umoci: Unpacker = {
  name: 'umoci',
  unpack: async ({ reference }, folder, use) => {
    const layout = path.join(folder, 'layout')
    const from = ['--src-tls-verify=false', '--src-creds', `${admin.user}:${admin.password}`]
    await must('skopeo', ['copy', '-q', ...from, `docker://${reference}`, `oci:${layout}:image`])
    const bundle = path.join(folder, 'bundle')
    await must('umoci', ['unpack', '--image', `${layout}:image`, bundle])
    await use(path.join(bundle, 'rootfs'))
  },
}

/** podman's store, with the driver that copies each layer over the one below. */
export const podman: Unpacker = {
  name: 'podman',
  unpack: async ({ reference }, folder, use) => {
    const store = ['--root', path.join(folder, 'store'), '--runroot', path.join(folder, 'run')]
    const run = (...args: string[]) => must('podman', [...store, '--storage-driver', 'vfs', ...args])
    await run('pull', '-q', '--tls-verify=false', '--creds', `${admin.user}:${admin.password}`, reference)
    const root = (await run('image', 'mount', reference)).trim()
    try {
      await use(root)
    } finally {
      await run('image', 'umount', '--all')
    }
  },
}

/** GNU tar, which knows no whiteouts: for images of one layer. */
export const tar: Unpacker = {
  name: 'tar',
  unpack: async ({ archives }, folder, use) => {
    const [archive, more] = archives
    if (archive === undefined || more !== undefined) throw new Error('tar unpacks one layer')
    const [file, root] = [path.join(folder, 'layer.tar'), path.join(folder, 'root')]
    await writeFile(file, archive)
    await mkdir(root)
    const exactly = ['-p', '--numeric-owner', '--xattrs', '--xattrs-include=*']
    await must('tar', ['-x', ...exactly, '-f', file, '-C', root])
    await use(root)
  },
}
