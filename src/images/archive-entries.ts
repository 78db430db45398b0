import { draftEntry } from '../inspect/tar/entry-draft.ts'
import { type PaxRecords, parsePax } from '../inspect/tar/pax.ts'
import { TarDamage, TarTooLarge } from '../inspect/tar/tar-damage.ts'
import type { TarEntry } from '../inspect/tar/tar-entry.ts'
import { BLOCK, parseHeader, type TarHeader } from '../inspect/tar/tar-header.ts'
import { placeOf } from '../inspect/tar/tar-path.ts'
import { ByteSource, endsEarly } from './byte-source.ts'
import { refused } from './refused.ts'

/** Far more than the layers, configurations and manifests of any archive of images. */
const ENTRY_LIMIT = 20_000
/** Bytes of a long name or an extended header. */
const META_LIMIT = 64 * 1024
/** Zeros that programs put behind the end of an archive. */
const TRAILING_LIMIT = 1024 * 1024

/** What an archive of images may hold. Paths are relative to its root, without `.` and `..`. */
export type ArchiveEntry =
  | {
      readonly kind: 'file'
      readonly path: string
      readonly size: number
      /** The first bytes, at most four. */
      readonly magic: Buffer
      /** To be read before the next entry is asked for, or not at all. */
      readonly content: AsyncIterable<Uint8Array>
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }

/** Entries as the archive streams by. Throws REQUEST_INVALID for what no archive of images needs. */
export async function* archiveEntries(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveEntry> {
  const source = new ByteSource(bytes)
  const reader = new HeaderReader(source)
  try {
    const seen = new Set<string>()
    for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
      if (seen.size >= ENTRY_LIMIT) throw refused(`it has more than ${ENTRY_LIMIT} entries`)
      const content = new EntryContent(source, entry.stored)
      const known = await knownEntry(source, entry, content)
      if (known !== undefined && seen.has(known.path)) throw refused(`'${known.path}' is in it twice`)
      seen.add(known?.path ?? `${seen.size}//`)
      if (known !== undefined) yield known
      await content.skip()
    }
    await readTrailing(source)
  } catch (error) {
    if (!(error instanceof TarDamage) && !(error instanceof TarTooLarge)) throw error
    throw refused(`it is no tar archive, or a damaged one: ${error.message}`, error)
  } finally {
    await source.stop()
  }
}

async function knownEntry(
  source: ByteSource,
  entry: Omit<TarEntry, 'sha256' | 'contentOffset'>,
  content: EntryContent,
): Promise<ArchiveEntry | undefined> {
  const path = insidePath(entry.name, '')
  switch (entry.type) {
    case 'dir':
      return undefined
    case 'file': {
      if (entry.sparse !== undefined) throw refused(`'${path}' is a sparse file`)
      const magic = Buffer.from(await source.peek(Math.min(4, entry.stored)))
      return { kind: 'file', path, size: entry.stored, magic, content }
    }
    case 'symlink':
      return { kind: 'link', path, target: insidePath(entry.linkname, path.replace(/[^/]*$/, '')) }
    case 'hardlink':
      return { kind: 'link', path, target: insidePath(entry.linkname, '') }
    case 'char':
    case 'block':
    case 'fifo':
    case 'other':
      throw refused(`'${path}' is neither a file nor a directory nor a link`)
  }
}

/** A name as a path below the root. Throws REQUEST_INVALID for one that leads out of the archive. */
function insidePath(name: string, from: string): string {
  const parts: string[] = []
  const absolute = name.startsWith('/')
  for (const part of `${from}${name}`.split('/'))
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  const place = placeOf(parts.join('/'))
  if (!absolute && place.kind === 'inside' && !place.long) return place.path
  throw refused(`the name '${name.slice(0, 100)}' leads out of it, or is too long`)
}

/** The bytes of one entry and what fills its last block. */
class EntryContent implements AsyncIterable<Uint8Array> {
  readonly #source: ByteSource
  readonly #padding: number
  #left: number
  #over = false

  constructor(source: ByteSource, size: number) {
    this.#source = source
    this.#left = size
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) {
      const chunk = await this.#source.some(this.#left)
      if (chunk === undefined) throw endsEarly()
      this.#left -= chunk.length
      yield chunk
    }
  }

  /** Goes to the next header. */
  async skip(): Promise<void> {
    if (this.#over) return
    this.#over = true
    for await (const _ of this);
    await this.#source.exactly(this.#padding)
  }
}

/** Reads headers with what belongs to them: long names and extended headers. */
class HeaderReader {
  readonly #source: ByteSource

  constructor(source: ByteSource) {
    this.#source = source
  }

  /** Undefined at the end of the archive. */
  async next(): Promise<Omit<TarEntry, 'sha256' | 'contentOffset'> | undefined> {
    let pax: PaxRecords = []
    let longName: string | undefined
    let longLink: string | undefined
    for (;;) {
      const header = await this.#header()
      if (header === undefined) return undefined
      if (header.type === 'x') pax = await this.#records(header)
      // As docker's reader: what a global header says counts for nothing (docs/decisions/083).
      else if (header.type === 'g') await this.#records(header)
      else if (header.type === 'L') longName = await this.#longText(header)
      else if (header.type === 'K') longLink = await this.#longText(header)
      else if (header.type === 'S') throw refused(`'${header.name}' is a sparse file`)
      else return this.#entry(header, { pax, longName, longLink })
    }
  }

  #entry(
    header: TarHeader,
    before: { pax: PaxRecords; longName: string | undefined; longLink: string | undefined },
  ): Omit<TarEntry, 'sha256' | 'contentOffset'> {
    const { entry, mapInData } = draftEntry(header, { ...before, offset: 0 })
    return mapInData ? { ...entry, sparse: [] } : entry
  }

  async #header(): Promise<TarHeader | undefined> {
    if ((await this.#source.peek(1)).length === 0) return undefined
    return parseHeader(await this.#source.exactly(BLOCK))
  }

  async #records(header: TarHeader): Promise<PaxRecords> {
    return parsePax(await this.#meta(header))
  }

  /** Undefined when there is none. */
  async #longText(header: TarHeader): Promise<string | undefined> {
    return (await this.#meta(header)).toString('latin1').replace(/\0.*$/s, '') || undefined
  }

  async #meta({ size }: TarHeader): Promise<Buffer> {
    if (size > META_LIMIT)
      throw refused(`a name or an extended header in it is longer than ${META_LIMIT} bytes`)
    const bytes = Buffer.from(await this.#source.exactly(size))
    await this.#source.exactly((BLOCK - (size % BLOCK)) % BLOCK)
    return bytes
  }
}

async function readTrailing(source: ByteSource): Promise<void> {
  let trailing = 0
  for await (const chunk of source.rest()) {
    trailing += chunk.length
    if (trailing > TRAILING_LIMIT) throw refused('more follows behind its end than a tar archive has there')
  }
}
