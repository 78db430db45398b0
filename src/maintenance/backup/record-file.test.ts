import { Readable } from 'node:stream'
import { createGunzip, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import { keys } from '../../records/keys.ts'
import { projectCodec, publicCodec } from '../../records/project.ts'
import { trashCodec } from '../../records/review.ts'
import { compressRecords, contentOf, type FiledRecord, readRecords, through } from './record-file.ts'

/** Bytes behind what is compressed: CRC-32 and length. */
const CHECKSUM = 8

const record = (key: string, value: string): FiledRecord => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
})

async function* from<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  await Promise.resolve()
  yield* items
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = []
  for await (const item of items) found.push(item)
  return found
}

async function written(records: readonly FiledRecord[]): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of through(compressRecords(from(records)), createGunzip()))
    if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const pieces = (bytes: Buffer, size: number) =>
  from(
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    ),
  )

describe('a file of records', () => {
  const RECORDS = [record('a', ''), record('b', 'x'.repeat(100_000)), record('', 'c')]

  it.each([1, 7, 4096])('gives back what was written, in pieces of %i bytes', async (size) => {
    const bytes = await written(RECORDS.map(({ key, value }) => ({ key, value: value.subarray(0, 2000) })))
    const back = await all(readRecords(pieces(bytes, size)))
    expect(back.map(({ value }) => value.length)).toEqual([0, 2000, 1])
    expect(Buffer.from(back[0]?.key ?? '').toString()).toBe('a')
  })

  it('that is cut anywhere is refused', async () => {
    const bytes = await written([record('key', 'value'), record('other', 'value')])
    for (let length = 0; length < bytes.length; length++)
      await expect(all(readRecords(pieces(bytes.subarray(0, length), 64)))).rejects.toThrow(TypeError)
  })

  it('is read to its end, where the checksum of a compressed one stands', async () => {
    const packed = gzipSync(await written([record('key', 'value')]))
    packed.writeUInt8(packed.readUInt8(packed.length - CHECKSUM) ^ 1, packed.length - CHECKSUM)
    const [start, end] = [packed.subarray(0, -CHECKSUM), packed.subarray(-CHECKSUM)]
    await expect(all(readRecords(through(Readable.from([start, end]), createGunzip())))).rejects.toThrow()
  })

  it('ends with its last record', async () => {
    const bytes = await written([record('key', 'value')])
    const longer = Buffer.concat([bytes, Buffer.of(0)])
    await expect(all(readRecords(pieces(longer, 64)))).rejects.toThrow('goes on')
  })

  it('with a damaged length asks for no memory', async () => {
    const bytes = await written([record('key', 'value')])
    bytes[17] = 0xfe
    await expect(all(readRecords(pieces(bytes, 64)))).rejects.toThrow('damaged')
  })

  it('whose source fails fails', async () => {
    const broken = Readable.from(from([])).destroy(new Error('the store went away'))
    await expect(all(through(broken, createGunzip()))).rejects.toThrow('the store went away')
  })
})

describe('contentOf', () => {
  it('gives the records of the registry, and none that belong to this place alone', async () => {
    const metadata = await openMemoryMetadataStore()
    const project = projectCodec.encode({ public: true, created: 1, createdBy: 'x' })
    const sets = [
      { key: keys.project('team'), value: project },
      { key: keys.publicProject('team'), value: publicCodec.encode({}) },
      { key: keys.trash(1, 'somewhere'), value: trashCodec.encode({ at: 1 }) },
      { key: keys.lease('job'), value: Buffer.of(1) },
      { key: keys.hold('backup'), value: Buffer.of(1) },
    ]
    await metadata.commit({ checks: [], sets, deletes: [] })
    const found = await all(contentOf(metadata))
    expect(found.map(({ key }) => Buffer.from(key).toString('hex'))).toEqual(
      [keys.project('team'), keys.publicProject('team')].map((key) => Buffer.from(key).toString('hex')),
    )
  })
})
