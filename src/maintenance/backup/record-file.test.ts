import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../../storage/metadata/memory/memory-metadata-store.ts'
import { keys } from '../../records/keys.ts'
import { projectCodec, publicCodec } from '../../records/project.ts'
import { trashCodec } from '../../records/review.ts'
import { compressRecords, contentOf, type FiledRecord, readRecords, through } from './record-file.ts'

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
