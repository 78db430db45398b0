import { expect, test } from 'vitest'
import type { Stored } from '../metadata-store.ts'
import { keyText, storedKey } from './keyspace.ts'
import { RecentReads } from './recent-reads.ts'

const key = (name: string) => Buffer.from(name)
const text = (name: string) => keyText(storedKey(key(name)))
const stored = (text: string): Stored => ({ value: Buffer.from(text), version: 1n })

/** A reader whose answers are told from outside, so that a batch can land at any moment of a read. */
function slowReader() {
  const asked: { keys: readonly Uint8Array[]; answer: (records: (Stored | undefined)[]) => void }[] = []
  const reader = {
    read: (keys: readonly Uint8Array[]) =>
      new Promise<(Stored | undefined)[]>((resolve) => asked.push({ keys, answer: resolve })),
  }
  return { asked, recent: new RecentReads(reader) }
}

test('asks the database once for what does not change, absence included', async () => {
  const { asked, recent } = slowReader()
  const first = recent.read([key('a'), key('b')])
  asked[0]?.answer([stored('1'), undefined])
  expect(await first).toEqual([stored('1'), undefined])
  expect(await recent.read([key('b'), key('a')])).toEqual([undefined, stored('1')])
  expect(asked).toHaveLength(1)
})

test('forgets the keys of a batch before it is written', async () => {
  const { asked, recent } = slowReader()
  const first = recent.read([key('a')])
  asked[0]?.answer([stored('old')])
  await first
  await recent.whileWriting([text('a')], async () => {
    void recent.read([key('a')])
    await Promise.resolve()
    expect(asked).toHaveLength(2)
  })
})

test('remembers nothing that was read while a batch was written, or before it and told after', async () => {
  const { asked, recent } = slowReader()
  const early = recent.read([key('a')])
  await recent.whileWriting([text('a')], async () => {
    const during = recent.read([key('a')])
    asked[1]?.answer([stored('old')])
    await during
  })
  asked[0]?.answer([stored('old')])
  await early
  void recent.read([key('a')])
  expect(asked).toHaveLength(3)
})

test('remembers nothing that was asked for while a batch was written, and told after', async () => {
  const { asked, recent } = slowReader()
  let during: Promise<unknown> = Promise.resolve()
  await recent.whileWriting([text('a')], () => {
    during = recent.read([key('a')])
    return Promise.resolve()
  })
  asked[0]?.answer([stored('old')])
  await during
  void recent.read([key('a')])
  expect(asked).toHaveLength(2)
})

test('reads everything again when a batch began between the remembered half and the fresh one', async () => {
  const { asked, recent } = slowReader()
  const first = recent.read([key('a')])
  asked[0]?.answer([stored('a1')])
  await first
  const both = recent.read([key('a'), key('b')])
  await recent.whileWriting([text('a'), text('b')], () => Promise.resolve())
  asked[1]?.answer([stored('b2')])
  await Promise.resolve()
  await Promise.resolve()
  expect(asked[2]?.keys).toHaveLength(2)
  asked[2]?.answer([stored('a2'), stored('b2')])
  expect(await both).toEqual([stored('a2'), stored('b2')])
})

test('remembers nothing once it is closed', async () => {
  const { asked, recent } = slowReader()
  const first = recent.read([key('a')])
  asked[0]?.answer([stored('1')])
  await first
  recent.close()
  void recent.read([key('a')])
  expect(asked).toHaveLength(2)
})
