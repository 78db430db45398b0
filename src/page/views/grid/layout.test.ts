import { array, assert, nat, property } from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Grid, GridNode } from '../../api/schema.generated.ts'
import { cellsOf, filtered, layoutGrid, neighbour, totalsOf } from './layout.ts'

function layer(name: string, size: number): GridNode['layer'] {
  const digest = `sha256:${name}`
  return {
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
    state: 'none',
  }
}

function node(name: string, size: number, images: number[], children: GridNode[] = []): GridNode {
  return {
    chainId: name,
    instruction: name,
    class: 'run',
    layer: layer(name, size),
    subtreeSize: 0,
    images,
    children,
  }
}

function gridOf(roots: GridNode[], sizes: readonly number[]): Grid {
  const columns = sizes.map((size, image) => ({
    image,
    asked: `demo/app:v${image}`,
    ref: `demo/app:v${image}`,
    repository: 'demo/app',
    tag: `v${image}`,
    digest: `sha256:${image}`,
    platform: null,
    layers: 0,
    size,
    unpacked: null,
  }))
  const none = { uniqueLayers: 0, uniqueBytes: 0, sumBytes: 0, averageBytes: 0, largestBytes: 0 }
  return { columns, roots, totals: none, errors: [] }
}

/** Image 0 is the base that 1 and 2 are built upon; 3 shares nothing with them, but the bytes of `tool`. */
const FAMILY = gridOf(
  [
    node('debian', 50, [0], [node('node', 20, [], [node('app1', 5, [1]), node('app2', 6, [2])])]),
    node('alpine', 3, [], [node('app1', 5, [3])]),
  ],
  [50, 75, 76, 8],
)
const all = () => true

describe('the grid', () => {
  test('joins what images share from the base on', () => {
    const { cells, columns, rows } = layoutGrid(FAMILY, all)
    expect(columns.map(({ image }) => image)).toEqual([0, 1, 2, 3])
    expect(rows).toBe(3)
    expect(
      cells.map(({ node: { instruction }, row, column, span, offset }) => [
        instruction,
        row,
        column,
        span,
        offset,
      ]),
    ).toEqual([
      ['debian', 0, 0, 3, 0],
      ['alpine', 0, 3, 1, 0],
      ['node', 1, 1, 2, 50],
      ['app1', 1, 3, 1, 3],
      ['app1', 2, 1, 1, 70],
      ['app2', 2, 2, 1, 70],
    ])
  })

  test('leaves out boxes of hidden images, and counts the rest', () => {
    const layout = layoutGrid(FAMILY, ({ image }) => image === 2 || image === 3)
    expect(
      layout.cells.map(({ node: { instruction }, column, span }) => [instruction, column, span]),
    ).toEqual([
      ['debian', 0, 1],
      ['alpine', 1, 1],
      ['node', 0, 1],
      ['app1', 1, 1],
      ['app2', 0, 1],
    ])
    expect(totalsOf(layout)).toEqual({
      uniqueLayers: 5,
      uniqueBytes: 84,
      sumBytes: 84,
      averageBytes: 16.8,
      largestBytes: 50,
    })
  })

  test('counts equal bytes once, wherever they stand', () => {
    expect(totalsOf(layoutGrid(FAMILY, all))).toMatchObject({
      uniqueLayers: 5,
      uniqueBytes: 84,
      sumBytes: 209,
    })
    expect(totalsOf(layoutGrid(gridOf([], []), all))).toMatchObject({
      uniqueLayers: 0,
      averageBytes: 0,
      largestBytes: 0,
    })
  })

  test('keeps images without layers, at the end', () => {
    const { columns, cells } = layoutGrid(gridOf([node('a', 1, [1])], [0, 1]), all)
    expect(columns.map(({ image }) => image)).toEqual([1, 0])
    expect(cells).toHaveLength(1)
  })

  test('is filtered by names of images and by instructions', () => {
    const names = (text: string) => filtered(FAMILY, text).columns.map(({ tag }) => tag)
    expect(names('')).toEqual(['v0', 'v1', 'v2', 'v3'])
    expect(names('APP:V2')).toEqual(['v2'])
    expect(names('app1')).toEqual(['v1', 'v3'])
    expect(names('nothing')).toEqual([])
  })

  test('is walked by arrows, in the column where one is', () => {
    const layout = layoutGrid(FAMILY, all)
    const walk = (keys: string[]) => {
      let at = { cell: layout.cells[0], cursor: 2 }
      for (const key of keys) {
        if (at.cell === undefined) throw new Error('no cell')
        at = neighbour(layout, at.cell, at.cursor, key) ?? at
      }
      return at.cell?.node.instruction
    }
    expect(walk(['ArrowDown', 'ArrowDown'])).toBe('app2')
    expect(walk(['ArrowDown', 'ArrowDown', 'ArrowUp', 'ArrowUp'])).toBe('debian')
    expect(walk(['ArrowRight', 'ArrowDown', 'ArrowLeft'])).toBe('node')
    expect(walk(['ArrowDown', 'ArrowDown', 'ArrowRight'])).toBe('app1')
    expect(walk(['ArrowUp'])).toBe('debian')
    expect(walk(['End'])).toBe('alpine')
  })

  test('covers every column once in each row, whatever the tree', () => {
    assert(
      property(array(array(nat(2), { maxLength: 5 }), { minLength: 1, maxLength: 12 }), (paths) => {
        const layout = layoutGrid(treeOf(paths), all)
        expect(layout.columns).toHaveLength(paths.length)
        for (const [column, { image }] of layout.columns.entries()) {
          const stack = cellsOf(layout, column)
          expect(stack.map(({ row }) => row)).toEqual(stack.map((_, index) => index))
          expect(stack.map(({ node: { instruction } }) => instruction)).toEqual(prefixes(paths[image] ?? []))
        }
      }),
    )
  })
})

/** The tree of images given by their paths of layers. */
function treeOf(paths: readonly (readonly number[])[]): Grid {
  const grow = (prefix: readonly number[]): GridNode[] =>
    [0, 1, 2].flatMap((step) => {
      const path = [...prefix, step]
      const users = paths.flatMap((one, image) =>
        path.every((part, index) => one[index] === part) ? [image] : [],
      )
      if (users.length === 0) return []
      return [
        node(
          path.join('/'),
          1,
          users.filter((image) => paths[image]?.length === path.length),
          grow(path),
        ),
      ]
    })
  return gridOf(
    grow([]),
    paths.map((path) => path.length),
  )
}

function prefixes(path: readonly number[]): string[] {
  return path.map((_, index) => path.slice(0, index + 1).join('/'))
}
