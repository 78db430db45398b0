import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { finished } from 'node:stream/promises'
import { createGzip, gunzipSync } from 'node:zlib'
import { z } from 'zod'
import { digestOf } from '../fixtures/image.ts'
import { Lamina } from '../servers/lamina.ts'
import { finish } from '../servers/processes.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { projectRoot } from '../servers/workspace.ts'
import { GARBAGE_SETTINGS } from './garbage.ts'
import { IMAGE } from './subject.ts'

/** A registry of one image, whose backup is then written as if it held many: to push them takes an hour. */
const REPOSITORY = 'bench/start'
const FIRST = 0
const END = 0xffff_ffff
const MAGIC = 'lamina records 1\n'
const HEAD = 8
const RESTORE_MS = 3_600_000

/** Fills the new data directory `data` with so many manifests, each under a tag of its own, by way of `lamina restore`. */
export async function fillWithManifests(folder: string, data: string, count: number): Promise<number> {
  const backup = path.join(folder, 'backup')
  await backUpOne(path.join(folder, 'one'), backup)
  const records = await multiplied(backup, count)
  const env = { LAMINA_DATA: data, LAMINA_LOG: 'error' }
  const args = ['restore', '--from', backup]
  const { code, stderr } = await finish(path.join(projectRoot, 'bin/lamina'), args, {
    env,
    cwd: projectRoot,
    patience: RESTORE_MS,
  })
  if (code !== 0) throw new Error(`lamina restore ended with ${code}: ${stderr.slice(-500)}`)
  return records
}

/** Where the n-th of them is pulled. */
export function pathOf(at: number): string {
  return `/v2/${REPOSITORY}/manifests/${tagOf(at)}`
}

async function backUpOne(data: string, backup: string): Promise<void> {
  const lamina = await Lamina.start({ name: 'bench-one', data, env: GARBAGE_SETTINGS })
  const client = new RegistryClient(lamina.url)
  try {
    const config = { digest: digestOf(CONFIG), bytes: CONFIG }
    await client.pushBlob(REPOSITORY, config)
    const headers = { 'content-type': IMAGE }
    const { status } = await client.request('PUT', pathOf(FIRST), { body: bodyOf(FIRST), headers })
    if (status !== 201) throw new Error(`PUT of a manifest answered ${status}`)
    await lamina.command(['backup', '--to', backup])
  } finally {
    client.close()
    await lamina.stop()
  }
}

/** Writes the records of the one manifest again for each other one; the number of all records. */
async function multiplied(backup: string, count: number): Promise<number> {
  const file = path.join(backup, 'records.gz')
  const records = recordsIn(gunzipSync(await readFile(file)))
  const first = namesOf(FIRST)
  const own = records
    .filter(({ key }) => key.includes(first.hash) || key.includes(first.tag))
    .map(({ key, value }) => ({ key: template(key, first), value: template(value, first) }))
  const gzip = createGzip({ level: 1 })
  const sum = createHash('sha256')
  gzip.on('data', (chunk: Buffer) => sum.update(chunk))
  const written = finished(gzip.pipe(createWriteStream(file)))
  gzip.write(MAGIC)
  for (const record of records) gzip.write(framed(record))
  let all = records.length
  for (let at = 1; at < count; at++) {
    const names = namesOf(at)
    const copies = own.map(({ key, value }) =>
      framed({ key: filled(key, names), value: filled(value, names) }),
    )
    all += copies.length
    if (!gzip.write(Buffer.concat(copies))) await once(gzip, 'drain')
  }
  gzip.end(lengths(END, all))
  await written
  await describe(path.join(backup, 'backup.json'), all, sum.digest('hex'))
  return all
}

async function describe(file: string, records: number, recordsSha256: string): Promise<void> {
  const description = z.looseObject({}).parse(JSON.parse(await readFile(file, 'utf8')))
  await writeFile(file, JSON.stringify({ ...description, records, recordsSha256 }))
}

interface FiledRecord {
  readonly key: Buffer
  readonly value: Buffer
}

function recordsIn(bytes: Buffer): FiledRecord[] {
  const records: FiledRecord[] = []
  for (let at = MAGIC.length; bytes.readUInt32BE(at) !== END; ) {
    const keyEnd = at + HEAD + bytes.readUInt32BE(at)
    const valueEnd = keyEnd + bytes.readUInt32BE(at + 4)
    records.push({ key: bytes.subarray(at + HEAD, keyEnd), value: bytes.subarray(keyEnd, valueEnd) })
    at = valueEnd
  }
  return records
}

function framed({ key, value }: FiledRecord): Buffer {
  return Buffer.concat([lengths(key.length, value.length), key, value])
}

function lengths(first: number, second: number): Buffer {
  const head = Buffer.alloc(HEAD)
  head.writeUInt32BE(first)
  head.writeUInt32BE(second, 4)
  return head
}

/** All by which a manifest's records speak of it. */
function namesOf(at: number) {
  const body = bodyOf(at)
  const digest = digestOf(body)
  const hash = Buffer.from(digest.slice('sha256:'.length), 'hex')
  return { body, hash, digest: Buffer.from(digest), tag: Buffer.from(tagOf(at)) }
}
type Names = ReturnType<typeof namesOf>
const NAMES = ['body', 'hash', 'digest', 'tag'] as const

/** Bytes, and where names stand in them, which are as long for every manifest. */
interface Template {
  readonly bytes: Buffer
  readonly places: readonly { readonly name: keyof Names; readonly at: number }[]
}

function template(bytes: Buffer, names: Names): Template {
  const places = NAMES.flatMap((name) => {
    const found: { name: keyof Names; at: number }[] = []
    for (let at = bytes.indexOf(names[name]); at >= 0; at = bytes.indexOf(names[name], at + 1))
      found.push({ name, at })
    return found
  })
  return { bytes, places }
}

function filled({ bytes, places }: Template, names: Names): Buffer {
  const copy = Buffer.from(bytes)
  for (const { name, at } of places) names[name].copy(copy, at)
  return copy
}

const CONFIG = Buffer.from('{}')

function tagOf(at: number): string {
  return `v${String(at).padStart(8, '0')}`
}

const CONFIG_DIGEST = digestOf(CONFIG)

function bodyOf(at: number): Buffer {
  const config = {
    mediaType: 'application/vnd.oci.empty.v1+json',
    digest: CONFIG_DIGEST,
    size: CONFIG.length,
  }
  const annotations = { at: String(at).padStart(8, '0') }
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: IMAGE, config, layers: [], annotations }))
}
