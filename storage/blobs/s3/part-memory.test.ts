import { describe, expect, it } from 'vitest'
import { PartMemory } from './part-memory.ts'

async function isWaiting(claim: Promise<unknown>): Promise<boolean> {
  const first = await Promise.race([
    claim.then(() => 'served'),
    new Promise((resolve) => setImmediate(resolve)),
  ])
  return first !== 'served'
}

describe('the memory of all parts', () => {
  it('hands out what there is, and lets others wait in the order of asking', async () => {
    const memory = new PartMemory(100, 10)
    const large = await memory.claim(80)
    const next = memory.claim(60)
    const small = memory.claim(10)
    expect(await isWaiting(next)).toBe(true)
    // There would be room, but the one before must not starve.
    expect(await isWaiting(small)).toBe(true)
    expect(memory.waiting).toBe(2)
    large.release()
    const both = await Promise.all([next, small])
    expect(memory.claimedBytes).toBe(70)
    for (const claim of both) claim.release()
    expect(memory.claimedBytes).toBe(0)
  })

  it('never gives more than the capacity, whatever is asked for', async () => {
    const memory = new PartMemory(100, 10)
    const claim = await memory.claim(1000)
    expect(claim.room).toBe(100)
    expect(claim.take(Buffer.alloc(1000))).toBe(100)
    claim.release()
  })

  it('gives back the bytes in their order, as often as asked, across blocks', async () => {
    const memory = new PartMemory(100, 10)
    const claim = await memory.claim(35)
    const bytes = Buffer.from(Array.from({ length: 33 }, (_, at) => at))
    for (let at = 0; at < 33; at += 7) claim.take(bytes.subarray(at, at + 7))
    for (let time = 0; time < 2; time++) expect(Buffer.concat([...claim.chunks()])).toEqual(bytes)
    expect(claim.length).toBe(33)
    claim.release()
  })

  it('uses released blocks again, and ignores a second release', async () => {
    const memory = new PartMemory(20, 10)
    const first = await memory.claim(20)
    first.take(Buffer.alloc(20, 1))
    const [block] = first.chunks()
    first.release()
    first.release()
    expect(memory.claimedBytes).toBe(0)
    const second = await memory.claim(20)
    second.take(Buffer.alloc(20, 2))
    expect([...second.chunks()].some((chunk) => chunk.buffer === block?.buffer)).toBe(true)
    second.release()
  })
})
