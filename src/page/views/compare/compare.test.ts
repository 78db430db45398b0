import { array, assert, constantFrom, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { alignSteps, bytesOf, configDifferences, splitLayers } from './compare.ts'

type Step = Image['steps'][number]

function step(instruction: string, digest?: string, size = 1): Step {
  const layer = {
    index: 0,
    digest: digest ?? '',
    mediaType: '',
    size,
    cumulativeSize: 0,
    diffId: null,
    chainId: null,
    external: false,
    unpacked: null,
    files: null,
    state: 'none' as const,
  }
  return {
    step: 0,
    instruction,
    class: 'run',
    createdBy: null,
    created: null,
    comment: null,
    layer: digest === undefined ? null : layer,
  }
}

function image(steps: Step[]): Image {
  return {
    ref: '',
    repository: '',
    tag: null,
    digest: '',
    mediaType: '',
    artifactType: null,
    platform: null,
    index: null,
    created: null,
    author: null,
    config: null,
    steps,
    totals: { layers: 0, size: 0, externalSize: 0, unpacked: null, files: null },
    warnings: [],
  }
}

test('layers are shared by their bytes, wherever they stand, and count once', () => {
  const a = image([
    step('FROM', 'base', 50),
    step('RUN x', 'x', 5),
    step('COPY', 'a', 2),
    step('COPY', 'a', 2),
  ])
  const b = image([step('FROM', 'other', 9), step('COPY', 'a', 2), step('ENV')])
  const split = splitLayers(a, b)
  expect([split.shared, split.onlyA, split.onlyB].map(bytesOf)).toEqual([2, 55, 9])
})

describe('steps side by side', () => {
  test('keep their order, and say what changed', () => {
    const pairs = alignSteps(
      [step('FROM', 'base'), step('RUN apt'), step('COPY .', 'one'), step('CMD')],
      [step('FROM', 'base'), step('ENV X'), step('COPY .', 'two'), step('CMD'), step('USER')],
    )
    expect(pairs.map(({ a, b, how }) => [a?.instruction, b?.instruction, how])).toEqual([
      ['FROM', 'FROM', 'same'],
      ['RUN apt', undefined, 'only-a'],
      [undefined, 'ENV X', 'only-b'],
      ['COPY .', 'COPY .', 'changed'],
      ['CMD', 'CMD', 'same'],
      [undefined, 'USER', 'only-b'],
    ])
  })

  test('of histories that nobody built are paired as far as they are the same', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => step(`RUN ${index}`))
    const [pairs, other] = [alignSteps(many, many), alignSteps(many, [...many.slice(0, 9000), step('CMD')])]
    expect(pairs.every(({ how }) => how === 'same')).toBe(true)
    expect(other.filter(({ how }) => how === 'same')).toHaveLength(9000)
    expect(other).toHaveLength(10_001)
  })

  test('lose none and invent none', () => {
    const lists = array(constantFrom('RUN a', 'RUN b', 'ENV c'), { maxLength: 12 })
    assert(
      property(lists, lists, (a, b) => {
        const pairs = alignSteps(
          a.map((text) => step(text)),
          b.map((text) => step(text)),
        )
        expect(pairs.flatMap((pair) => pair.a?.instruction ?? [])).toEqual(a)
        expect(pairs.flatMap((pair) => pair.b?.instruction ?? [])).toEqual(b)
      }),
    )
  })
})

test('configurations differ in named lines', () => {
  const a = { env: ['PATH=/bin', 'A=1', 'BARE'], user: 'root', labels: { v: '1' }, cmd: ['a', 'b'] }
  const b = {
    env: ['PATH=/bin', 'A=2'],
    user: '',
    exposedPorts: ['80/tcp'],
    labels: { v: '1' },
    cmd: ['a b'],
  }
  expect(configDifferences(a, b)).toEqual([
    { name: 'Command', a: '["a","b"]', b: '["a b"]' },
    { name: 'User', a: 'root', b: undefined },
    { name: 'ENV A', a: '1', b: '2' },
    { name: 'ENV BARE', a: '(empty)', b: undefined },
    { name: 'Port 80/tcp', a: undefined, b: 'exposed' },
  ])
  expect(configDifferences(null, null)).toEqual([])
})
