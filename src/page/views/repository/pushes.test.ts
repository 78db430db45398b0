import { expect, test } from 'vitest'
import type { Grid, GridNode, TagSummary } from '../../api/schema.generated.ts'
import { pushesOf } from './pushes.ts'

function tag(name: string, pushed: string): TagSummary {
  return { tag: name, digest: `sha256:${name}`, mediaType: '', size: 0, pushed, by: 'user:a', kept: false }
}

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
  return { chainId: digest, instruction: '', class: 'run', layer, subtreeSize: 0, images, children }
}

const column = (image: number, name: string): Grid['columns'][number] => ({
  image,
  asked: name,
  ref: name,
  repository: 'demo/app',
  tag: name,
  digest: '',
  platform: null,
  layers: 0,
  size: 0,
  unpacked: null,
})

test('a push is compared with the one before, not with its neighbour in the alphabet', () => {
  const grid: Grid = {
    columns: [column(0, 'v1'), column(1, 'v10'), column(2, 'v2')],
    roots: [node('base', 100, [], [node('a', 1, [0]), node('b', 20, [1]), node('c', 300, [2])])],
    totals: { uniqueLayers: 0, uniqueBytes: 0, sumBytes: 0, averageBytes: 0, largestBytes: 0 },
    errors: [],
  }
  const tags = [
    tag('v1', '2026-01-01'),
    tag('v10', '2026-01-03'),
    tag('v2', '2026-01-02'),
    tag('sig', '2026-01-04'),
  ]
  expect(pushesOf(tags, grid).map(({ tag: { tag: name }, fresh, reused }) => [name, fresh, reused])).toEqual([
    ['v1', 101, 0],
    ['v2', 300, 100],
    ['v10', 20, 100],
    ['sig', undefined, undefined],
  ])
  expect(pushesOf(tags, undefined)[0]?.fresh).toBeUndefined()
})

test('platforms are those of the index, else that of the image', () => {
  const grid: Grid = {
    columns: [
      { ...column(0, 'v1'), platform: 'linux/amd64' },
      { ...column(1, 'all'), platform: 'linux/amd64' },
      column(2, 'bom'),
    ],
    roots: [],
    totals: { uniqueLayers: 0, uniqueBytes: 0, sumBytes: 0, averageBytes: 0, largestBytes: 0 },
    errors: [],
  }
  const tags = [
    tag('v1', '1'),
    { ...tag('all', '2'), platforms: ['linux/amd64', 'linux/arm64'] },
    tag('bom', '3'),
  ]
  const platforms = (known: Grid | undefined) => pushesOf(tags, known).map((push) => push.platforms)
  expect(platforms(grid)).toEqual([['linux/amd64'], ['linux/amd64', 'linux/arm64'], []])
  expect(platforms(undefined)).toEqual([[], ['linux/amd64', 'linux/arm64'], []])
})
