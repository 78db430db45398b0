/** What is at a path. Texts are raw bytes (latin1). */
export interface TreeNode {
  readonly type: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size?: number
  readonly sha256?: string
  readonly linkname?: string
  readonly device?: string
  /** Names and hexadecimal values, sorted. */
  readonly xattrs: string
  /** Nobody wrote this directory: its attributes are whatever the unpacker likes. */
  readonly implied?: boolean
}

/** A file system by its paths. */
export type Tree = Map<string, TreeNode>

/** What differs between our tree and an unpacker's, a line for each path. */
export function differences(ours: Tree, theirs: Tree): string[] {
  const paths = [...new Set([...ours.keys(), ...theirs.keys()])].toSorted()
  return paths.flatMap((path) => {
    const [own, other] = [ours.get(path), theirs.get(path)]
    if (own === undefined) return [`${shown(path)}: theirs alone`]
    if (other === undefined) return [`${shown(path)}: ours alone`]
    const [mine, its] = [told(own, own.implied), told(other, own.implied)]
    return mine === its ? [] : [`${shown(path)}: ours ${mine}, theirs ${its}`]
  })
}

function told(
  { type, mode, uid, gid, size, sha256, linkname, device, xattrs }: TreeNode,
  implied = false,
): string {
  if (implied) return type
  const parts = [
    type,
    mode.toString(8),
    `${uid}:${gid}`,
    size,
    sha256?.slice(0, 12),
    linkname,
    device,
    xattrs,
  ]
  return parts.filter((part) => part !== undefined && part !== '').join(' ')
}

function shown(path: string): string {
  return path.replace(/[^\x20-\x7e]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
