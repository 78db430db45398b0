import { array, assert, bigInt, nat, oneof, property, record, stringMatching, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Digest, digestFromBytes } from '../oci/digest.ts'
import { type Component, digestComponent, TupleReader, tuple, uint64Component } from './tuple.ts'

/** What keys hold: text, numbers, digests. A list of them is compared as a tuple is. */
type Value = string | bigint | Digest

const text = stringMatching(/^[a-z0-9/._\-:@+A-ZäöüП ]{0,6}$/)
const number = bigInt({ min: 0n, max: 2n ** 64n - 1n })
const digest = oneof(
  uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => digestFromBytes('sha256', bytes)),
  uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => digestFromBytes('sha512', bytes)),
)

function component(value: Value): Component {
  if (typeof value === 'bigint') return uint64Component(value)
  return value.startsWith('sha') && value.includes(':') ? digestComponent(digestOf(value)) : value
}

function digestOf(value: string): Digest {
  const [algorithm, hex = ''] = value.split(':')
  return digestFromBytes(algorithm === 'sha256' ? 'sha256' : 'sha512', Buffer.from(hex, 'hex'))
}

function compare(a: readonly Value[], b: readonly Value[]): number {
  for (const [at, left] of a.entries()) {
    const right = b[at]
    if (right === undefined) return 1
    const order =
      typeof left === 'bigint' || typeof right === 'bigint'
        ? Number(left > right) - Number(left < right)
        : Math.sign(Buffer.compare(Buffer.from(left), Buffer.from(right)))
    if (order !== 0) return order
  }
  return a.length - b.length < 0 ? -1 : 0
}

const encoded = (values: readonly Value[]) => tuple(1, ...values.map(component))

describe('tuple', () => {
  it('keeps the order of texts', () => {
    const texts = array(text, { minLength: 1, maxLength: 3 })
    assert(
      property(texts, texts, (a, b) => {
        expect(Math.sign(Buffer.compare(encoded(a), encoded(b)))).toBe(
          compare(a, b) === 0 ? 0 : Math.sign(compare(a, b)),
        )
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps the order of ⟨text⟩⟨number⟩⟨digest⟩', () => {
    const key = record({ text, number, digest }).map((value): Value[] => [
      value.text,
      value.number,
      value.digest,
    ])
    const near = array(key, { minLength: 2, maxLength: 2 }).chain(([a = [], b = []]) =>
      nat(3).map((same): [Value[], Value[]] => [a, [...a.slice(0, same), ...b.slice(same)]]),
    )
    assert(
      property(near, ([a, b]) => {
        expect(Math.sign(Buffer.compare(encoded(a), encoded(b)))).toBe(Math.sign(compare(a, b)))
      }),
      { numRuns: 2000 },
    )
  })

  it('sorts names as a reader of paths expects: what begins with a component comes before its neighbours', () => {
    const names = ['a', 'a0', 'a-b', 'a/b', 'a.b', 'a_b', 'b', 'a/b/c', 'ab']
    const sorted = [...names].sort((a, b) => Buffer.compare(encoded(a.split('/')), encoded(b.split('/'))))
    expect(sorted).toEqual(['a', 'a/b', 'a/b/c', 'a-b', 'a.b', 'a0', 'a_b', 'ab', 'b'])
  })

  it('refuses a zero byte in text: it would be another key', () => {
    expect(() => tuple(1, 'a\0b')).toThrow(TypeError)
    expect(() => tuple(1, '\0')).toThrow('zero byte')
  })

  it('reads back what was written', () => {
    assert(
      property(
        text,
        number,
        digest,
        uint8Array({ minLength: 8, maxLength: 8 }),
        (first, second, third, fourth) => {
          const reader = new TupleReader(
            tuple(9, first, uint64Component(second), digestComponent(third), fourth, first),
          )
          expect(reader.text()).toBe(first)
          expect(reader.uint64()).toBe(second)
          expect(reader.digest()).toBe(third)
          expect([...reader.bytes(8)]).toEqual([...fourth])
          expect(reader.text()).toBe(first)
        },
      ),
    )
  })

  it('reads a key that lies inside a larger buffer', () => {
    const key = tuple(1, 'name', uint64Component(5))
    const around = Buffer.concat([Buffer.from('xx'), key, Buffer.from('yy')])
    const reader = new TupleReader(around.subarray(2, 2 + key.length))
    expect([reader.text(), reader.uint64()]).toEqual(['name', 5n])
    expect(() => reader.bytes(1)).toThrow(TypeError)
  })

  it('says so when a key is of another shape', () => {
    expect(() => new TupleReader(Uint8Array.of(1, 65)).text()).toThrow('key ends inside a text')
    expect(() => new TupleReader(Uint8Array.of(1, 65)).uint64()).toThrow('shorter than its components')
    expect(() => new TupleReader(Uint8Array.of(1)).digest()).toThrow(TypeError)
    expect(() =>
      new TupleReader(
        tuple(1, digestComponent(digestFromBytes('sha256', new Uint8Array(32)))).subarray(0, 20),
      ).digest(),
    ).toThrow(TypeError)
  })
})

describe('uint64Component', () => {
  it('takes dates and the largest sequence, nothing else', () => {
    expect([...uint64Component(1)]).toEqual([0, 0, 0, 0, 0, 0, 0, 1])
    expect([...uint64Component(2n ** 64n - 1n)]).toEqual(Array.from({ length: 8 }, () => 255))
    expect(() => uint64Component(-1)).toThrow(RangeError)
    expect(() => uint64Component(2n ** 64n)).toThrow(RangeError)
    expect(() => uint64Component(1.5)).toThrow(RangeError)
  })
})
