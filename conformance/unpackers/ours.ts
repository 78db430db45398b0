import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { RegistryClient } from '../servers/registry-client.ts'
import type { Tree, TreeNode } from './tree.ts'

const entryShape = z.object({
  name: z.string(),
  nameRaw: z.string().optional(),
  type: z.string(),
  size: z.number(),
  stored: z.number().optional(),
  mode: z.number(),
  uid: z.number(),
  gid: z.number(),
  linkname: z.string().optional(),
  linknameRaw: z.string().optional(),
  device: z.string().optional(),
  digest: z.string().optional(),
  flags: z.array(z.string()).optional(),
  xattrs: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
  layer: z.number(),
})
type Entry = z.infer<typeof entryShape>

const pageShape = z.object({
  missing: z.array(z.unknown()),
  entries: z.array(entryShape),
  next: z.string().optional(),
})

const STANDING = 'added,changed,metadata,same'
const HOPS = 10
/** Directories that are asked for at the same time. */
const AT_ONCE = 8

/** An image's merged tree as the inspector's interface gives it, directory by directory. */
export class OurTree {
  readonly #client: RegistryClient
  readonly #ref: string

  readonly #layers: readonly string[]
  readonly #asked = new Map<string, Promise<Entry[]>>()

  /** `layers`: digests, base first. */
  constructor(client: RegistryClient, ref: string, layers: readonly string[]) {
    this.#client = client
    this.#ref = ref
    this.#layers = layers
  }

  async read(): Promise<Tree> {
    const tree: Tree = new Map()
    const waiting = ['']
    while (waiting.length > 0) {
      const now = waiting.splice(0, AT_ONCE)
      const found = await Promise.all(now.map((path) => this.#directory(path)))
      for (const [index, entries] of found.entries())
        for (const entry of entries) {
          const own = join(now[index] ?? '', nameOf(entry))
          tree.set(own, await this.#node(entry, own))
          if (entry.type === 'dir') waiting.push(own)
        }
    }
    return tree
  }

  #directory(path: string, upto?: number): Promise<Entry[]> {
    const key = `${upto ?? ''} ${path}`
    const asked = this.#asked.get(key) ?? this.#ask(path, upto)
    this.#asked.set(key, asked)
    return asked
  }

  async #ask(path: string, upto: number | undefined): Promise<Entry[]> {
    const entries: Entry[] = []
    let cursor: string | undefined
    do {
      const query = new URLSearchParams({ ref: this.#ref, state: STANDING, n: '1000' })
      if (path !== '') query.set('pathRaw', Buffer.from(path, 'latin1').toString('base64'))
      if (upto !== undefined) query.set('upto', String(upto))
      if (cursor !== undefined) query.set('cursor', cursor)
      const { status, body } = await this.#client.request('GET', `/api/v1/image/tree?${query.toString()}`)
      if (status !== 200) throw new Error(`the tree of '${path}' answered ${status}: ${body.toString()}`)
      const page = pageShape.parse(JSON.parse(body.toString()))
      if (page.missing.length > 0) throw new Error(`${this.#ref} has layers without an index`)
      entries.push(...page.entries)
      cursor = page.next
    } while (cursor !== undefined)
    return entries
  }

  /** A hard link is what it led to in the layer that made it. */
  async #node(entry: Entry, path: string): Promise<TreeNode> {
    let [at, atPath] = [entry, path]
    for (let hops = 0; at.type === 'hardlink' && hops < HOPS; hops++) {
      const target = linkOf(at)?.replace(/^(?:\.?\/)+/, '') ?? ''
      const slash = target.lastIndexOf('/')
      const around = await this.#directory(target.slice(0, Math.max(slash, 0)), entry.layer)
      const found = around.find((one) => nameOf(one) === target.slice(slash + 1))
      if (found === undefined) break
      at = found
      atPath = target
    }
    // The digest of a sparse file is that of its stored bytes.
    return at.stored === undefined ? nodeOf(at) : { ...nodeOf(at), sha256: await this.#contentOf(at, atPath) }
  }

  /** Of a file as its reader sees it. */
  async #contentOf({ layer }: Entry, path: string): Promise<string> {
    const query = new URLSearchParams({ pathRaw: Buffer.from(path, 'latin1').toString('base64') })
    const address = `/api/v1/layer/${this.#layers[layer]}/file?${query.toString()}`
    const { status, body } = await this.#client.request('GET', address)
    if (status !== 200) throw new Error(`${address} answered ${status}: ${body.toString()}`)
    return createHash('sha256').update(body).digest('hex')
  }
}

function nodeOf(entry: Entry): TreeNode {
  const { type, size, uid, gid, device, digest, flags = [] } = entry
  const mode = type === 'symlink' ? 0o777 : entry.mode & 0o7777
  const xattrs = (entry.xattrs ?? [])
    .map(({ name, value }) => `${name}=0x${Buffer.from(value, 'base64').toString('hex')}`)
    .toSorted()
    .join(' ')
  const linkname = type === 'symlink' ? linkOf(entry) : undefined
  return {
    type,
    mode,
    uid,
    gid,
    xattrs,
    ...(type === 'file' && { size, sha256: digest?.slice('sha256:'.length) ?? '' }),
    ...(linkname !== undefined && { linkname }),
    ...((type === 'char' || type === 'block') && { device: device ?? '' }),
    ...(flags.includes('implied') && { implied: true }),
  }
}

function nameOf({ name, nameRaw }: Entry): string {
  return raw(name, nameRaw)
}

function linkOf({ linkname, linknameRaw }: Entry): string | undefined {
  return linkname === undefined ? undefined : raw(linkname, linknameRaw)
}

function raw(text: string, base64: string | undefined): string {
  return (base64 === undefined ? Buffer.from(text) : Buffer.from(base64, 'base64')).toString('latin1')
}

function join(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`
}
