import { expect, test } from 'vitest'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { bytesWhere, layersToPull } from './pull-cost.ts'

function image(layers: readonly (readonly [digest: string, chainId: string | null, size: number])[]): Image {
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
    steps: layers.map(([digest, chainId, size], index) => ({
      step: index,
      instruction: digest,
      class: 'run',
      createdBy: null,
      created: null,
      comment: null,
      layer: {
        index,
        digest,
        chainId,
        size,
        mediaType: '',
        cumulativeSize: 0,
        diffId: null,
        external: false,
        unpacked: null,
        files: null,
        state: 'none',
      },
    })),
    totals: { layers: layers.length, size: 0, unpacked: null, files: null },
    warnings: [],
  }
}

test('what is there by digest stays, and in a chain only upon the same layers', () => {
  const have = image([
    ['base', 'base', 100],
    ['tool', 'base tool', 10],
  ])
  const want = image([
    ['base', 'base', 100],
    ['other', 'base other', 7],
    ['tool', 'base other tool', 10],
    ['tool', null, 10],
  ])
  const layers = layersToPull([have], want)
  expect(layers.map(({ kept, keptInChain }) => [kept, keptInChain])).toEqual([
    [true, true],
    [false, false],
    [true, false],
    [true, false],
  ])
  expect(bytesWhere(layers, ({ kept }) => !kept)).toBe(7)
  expect(bytesWhere(layers, ({ keptInChain }) => !keptInChain)).toBe(17)
  expect(bytesWhere(layersToPull([], want), ({ kept }) => !kept)).toBe(117)
})
