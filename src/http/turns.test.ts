import { expect, test } from 'vitest'
import { ANONYMOUS, type Caller } from '../auth/identity.ts'
import { type Asker, createTurns } from './turns.ts'

function user(name: string): Asker {
  const caller: Caller = {
    identity: { kind: 'user', name, administrator: false },
    scope: undefined,
    expired: false,
  }
  return { caller, address: '192.0.2.1' }
}

function somebody(address: string): Asker {
  return { caller: ANONYMOUS, address }
}

const FEW = { atOnce: 2, waiting: 100, refusal: 'too many read' }

/** Reads that go on until they are told to end, in the order in which they began. */
function reading() {
  const begun: string[] = []
  const ends: (() => void)[] = []
  const read = (name: string) => async () => {
    begun.push(name)
    await new Promise<void>((resolve) => void ends.push(resolve))
    return name
  }
  return { begun, ends, read }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('two read at a time, and accounts take turns', async () => {
  const reads = createTurns(FEW)
  const { begun, ends, read } = reading()
  const all = ['a1', 'a2', 'a3', 'a4'].map((name) => reads(user('ann'), read(name)))
  all.push(reads(user('bob'), read('b1')), reads(somebody('192.0.2.1'), read('c1')))
  await settled()
  expect(begun).toEqual(['a1', 'a2'])
  for (let at = 0; at < all.length; at++) {
    ends[at]?.()
    await settled()
  }
  expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3', 'a4', 'b1', 'c1'])
  expect(begun).toEqual(['a1', 'a2', 'a3', 'b1', 'c1', 'a4'])
})

test('who is not signed in waits for those of his own network alone', async () => {
  const reads = createTurns(FEW)
  const { begun, ends, read } = reading()
  const from = (address: string, name: string) => reads(somebody(address), read(name))
  const all = ['a1', 'a2', 'a3', 'a4'].map((name, at) => from(`2001:db8::${at}`, name))
  all.push(from('2001:db8:0:1::1', 'b1'))
  await settled()
  for (let at = 0; at < all.length; at++) {
    ends[at]?.()
    await settled()
  }
  await Promise.all(all)
  expect(begun).toEqual(['a1', 'a2', 'a3', 'b1', 'a4'])
})

test('who asks for very many is turned away, and not who asks for one', async () => {
  const reads = createTurns(FEW)
  const { ends, read } = reading()
  const many = Array.from({ length: 110 }, (_, at) => reads(user('ann'), read(`a${at}`)))
  const outcomes = Promise.allSettled(many)
  const one = reads(user('bob'), read('b'))
  const ending = setInterval(() => ends.splice(0).forEach((end) => end()), 1)
  expect(await one).toBe('b')
  const refused = (await outcomes).filter(({ status }) => status === 'rejected')
  clearInterval(ending)
  expect(refused).toHaveLength(110 + 1 - 102)
  await expect(many[109]).rejects.toThrow('too many read; try again in a few seconds')
})
