import { createHash } from 'node:crypto'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { must } from '../servers/processes.ts'
import type { Tree, TreeNode } from './tree.ts'

/** What an unpacker left in a folder. */
export async function treeOnDisk(folder: string): Promise<Tree> {
  const tree: Tree = new Map()
  await readInto(tree, folder, '')
  for (const [path, xattrs] of await xattrsIn(folder)) {
    const node = tree.get(path)
    if (node !== undefined) tree.set(path, { ...node, xattrs })
  }
  return tree
}

const bytes = (path: string) => Buffer.from(path, 'latin1')

async function readInto(tree: Tree, folder: string, path: string): Promise<void> {
  const here = path === '' ? folder : `${folder}/${path}`
  for (const name of await readdir(bytes(here), { encoding: 'buffer' })) {
    const own = path === '' ? name.toString('latin1') : `${path}/${name.toString('latin1')}`
    const node = await nodeAt(`${folder}/${own}`)
    tree.set(own, node)
    if (node.type === 'dir') await readInto(tree, folder, own)
  }
}

async function nodeAt(path: string): Promise<TreeNode> {
  const stats = await lstat(bytes(path))
  const { uid, gid } = stats
  const common = { mode: stats.mode & 0o7777, uid, gid, xattrs: '' }
  if (stats.isDirectory()) return { type: 'dir', ...common }
  if (stats.isSymbolicLink()) {
    const target = await readlink(bytes(path), { encoding: 'buffer' })
    // Linux keeps no mode for a symbolic link.
    return { type: 'symlink', ...common, mode: 0o777, linkname: target.toString('latin1') }
  }
  if (stats.isFIFO()) return { type: 'fifo', ...common }
  if (!stats.isFile()) {
    const device = `${Math.floor(stats.rdev / 256) & 0xfff}:${(stats.rdev & 0xff) | ((stats.rdev >> 12) & 0xfff00)}`
    return { type: stats.isBlockDevice() ? 'block' : 'char', ...common, device }
  }
  const sha256 = createHash('sha256')
    .update(await readFile(bytes(path)))
    .digest('hex')
  return { type: 'file', ...common, size: stats.size, sha256 }
}

/** By getfattr, whose list has a head for each file and its attributes in hexadecimal below. */
async function xattrsIn(folder: string): Promise<Map<string, string>> {
  const list = await must('getfattr', [
    '-R',
    '-P',
    '-h',
    '-d',
    '-m',
    '-',
    '-e',
    'hex',
    '--absolute-names',
    folder,
  ])
  const found = new Map<string, string>()
  for (const block of list.split('\n\n')) {
    const [head = '', ...lines] = block.trim().split('\n')
    const path = unescapeOctal(head.slice('# file: '.length)).slice(folder.length + 1)
    found.set(
      path,
      lines
        .filter((line) => line !== '')
        .toSorted()
        .join(' '),
    )
  }
  return found
}

function unescapeOctal(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
