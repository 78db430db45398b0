import { expect, test } from 'vitest'
import type { Grid, GridNode } from '../../api/schema.generated.ts'
import { sharedLayers, sharedPairs } from './sharing.ts'

function node(digest: string, size: number, images: number[], children: GridNode[] = []): GridNode {
  const layer = {
    index: 0,
    digest,
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
  return { chainId: digest, instruction: digest, class: 'run', layer, subtreeSize: 0, images, children }
}

const GRID: Grid = {
  columns: ['demo/app', 'demo/app', 'demo/worker', 'tools/worker'].map((repository, image) => ({
    image,
    asked: '',
    ref: '',
    repository,
    tag: null,
    digest: '',
    platform: null,
    layers: 0,
    size: 0,
    unpacked: null,
  })),
  roots: [
    node('base', 100, [], [node('app', 30, [0, 1]), node('tool', 5, [2])]),
    node('alpine', 3, [], [node('tool', 5, [3])]),
  ],
  totals: { uniqueLayers: 0, uniqueBytes: 0, sumBytes: 0, averageBytes: 0, largestBytes: 0 },
  errors: [],
}

test('layers are shared by their bytes, also upon other layers; what saves most comes first', () => {
  const layers = sharedLayers(GRID)
  expect(layers.map(({ digest, images, repositories }) => [digest, images, repositories])).toEqual([
    ['base', 3, ['demo/app', 'demo/worker']],
    ['app', 2, ['demo/app']],
    ['tool', 2, ['demo/worker', 'tools/worker']],
  ])
  expect(sharedPairs(layers)).toEqual([
    { a: 'demo/app', b: 'demo/worker', bytes: 100 },
    { a: 'demo/worker', b: 'tools/worker', bytes: 5 },
  ])
})
