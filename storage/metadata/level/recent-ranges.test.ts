import { expect, test } from 'vitest'
import { keyText, storedKey } from './keyspace.ts'
import type { Frame } from './level-database.ts'
import { prepareCommit } from './prepared-commit.ts'
import { RecentRanges } from './recent-ranges.ts'

const text = (key: string) => Buffer.from(key)
/** Probes of one turn go together, at its end. */
const turn = () => new Promise((resolve) => setImmediate(resolve))
const probe = (prefix: string, limit = 1) => ({ prefix: text(prefix), limit })
const found = (frames: readonly Frame[]) => frames.map(([key]) => Buffer.from(key.subarray(1)).toString())

/** A reader over `keys` that counts how often it is asked, and answers when it is let. */
function watched(keys: string[]) {
  const asked: string[] = []
  const frame = (key: string): Frame => [storedKey(text(key)), text('')]
  const gate = { open: Promise.resolve() }
  const after = async (from: string, limit: number) => {
    asked.push(from)
    const there = keys.toSorted().filter((key) => key >= from)
    await gate.open
    return there.slice(0, limit).map(frame)
  }
  const ranges = new RecentRanges({
    framesIn: ({ prefix, limit }) => after(Buffer.from(prefix).toString(), limit),
    framesFrom: (probes) =>
      Promise.all(probes.map(({ key, limit }) => after(Buffer.from(key.subarray(1)).toString(), limit))),
  })
  return { asked, gate, ranges }
}

function rangeCheck(prefix: string, entries: readonly string[]) {
  const named = entries.map((key) => ({ key: text(key), version: 1n }))
  const check = { kind: 'range', owner: text('o'), prefix: text(prefix), entries: named } as const
  const [prepared] = prepareCommit({ checks: [check], sets: [], deletes: [] }).checks
  if (prepared?.kind !== 'range') throw new Error('no range')
  return prepared
}

test('looks once at a stretch where nothing is, whatever parts of it are asked for', async () => {
  const { asked, ranges } = watched(['a', 'z'])
  for (const prefix of ['b', 'c', 'm', 'y']) expect(await ranges.framesIn(probe(prefix))).toEqual([])
  expect(await ranges.framesIn(probe('m', 1000))).toEqual([])
  expect(asked).toEqual(['b'])
})

test('finds what is there, and learns what is not on both sides of it', async () => {
  const { asked, ranges } = watched(['a', 'm1', 'z'])
  expect(found(await ranges.framesIn(probe('m', 2)))).toEqual(['m1'])
  expect(ranges.holdsNoOther(rangeCheck('m', ['m1']))).toBe(true)
  expect(ranges.holdsNoOther(rangeCheck('m', []))).toBe(false)
  expect(await ranges.framesIn(probe('n'))).toEqual([])
  expect(asked).toEqual(['m'])
})

test('looks again where something was put', async () => {
  const keys = ['a', 'z']
  const { asked, ranges } = watched(keys)
  await ranges.framesIn(probe('m'))
  await ranges.whileWriting([keyText(storedKey(text('m5')))], [], () => {
    keys.push('m5')
    return Promise.resolve()
  })
  expect(found(await ranges.framesIn(probe('m')))).toEqual(['m5'])
  expect(ranges.holdsNoOther(rangeCheck('m', []))).toBe(false)
  expect(asked).toEqual(['m', 'm'])
})

test('knows that what was deleted is gone, and that what was only changed is not', async () => {
  const keys = ['a', 'm1', 'z']
  const { asked, ranges } = watched(keys)
  const m1 = keyText(storedKey(text('m1')))
  await ranges.framesIn(probe('m', 2))
  await ranges.whileWriting([m1], [], () => Promise.resolve())
  expect(found(await ranges.framesIn(probe('m', 2)))).toEqual(['m1'])
  await ranges.whileWriting([m1], [m1], () => {
    keys.splice(1, 1)
    return Promise.resolve()
  })
  expect(await ranges.framesIn(probe('m'))).toEqual([])
  expect(ranges.holdsNoOther(rangeCheck('m', []))).toBe(true)
  expect(asked).toEqual(['m', 'm'])
})

test('does not take for gone what a failed write was to delete', async () => {
  const { asked, ranges } = watched(['a', 'm1', 'z'])
  const m1 = keyText(storedKey(text('m1')))
  await ranges.framesIn(probe('m', 2))
  const failing = ranges.whileWriting([m1], [m1], () => Promise.reject(new Error('no')))
  await expect(failing).rejects.toThrow('no')
  expect(found(await ranges.framesIn(probe('m')))).toEqual(['m1'])
  expect(asked).toEqual(['m', 'm'])
})

test('learns nothing from a look that a batch overtook, or that began while one was written', async () => {
  const keys = ['a', 'z']
  const { asked, gate, ranges } = watched(keys)
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  gate.open = gates[0].promise
  const early = ranges.framesIn(probe('m'))
  await turn()
  let during: Promise<unknown> = Promise.resolve()
  await ranges.whileWriting([keyText(storedKey(text('m5')))], [], async () => {
    gate.open = gates[1].promise
    during = ranges.framesIn(probe('m'))
    await turn()
    keys.push('m5')
  })
  for (const { resolve } of gates) resolve()
  await Promise.all([early, during])
  expect(found(await ranges.framesIn(probe('m')))).toEqual(['m5'])
  expect(asked).toHaveLength(3)
})

test('leaves long and backward ranges to the reader', async () => {
  const { asked, ranges } = watched(['m1', 'm2', 'm3'])
  expect(found(await ranges.framesIn(probe('m', 3)))).toEqual(['m1', 'm2', 'm3'])
  await ranges.framesIn({ ...probe('m'), reverse: true })
  expect(asked).toHaveLength(2)
})

test('knows nothing once it is closed', async () => {
  const { asked, ranges } = watched(['a'])
  await ranges.framesIn(probe('m'))
  ranges.close()
  await ranges.framesIn(probe('m'))
  await ranges.framesIn(probe('m'))
  expect(asked).toHaveLength(3)
})
