import { expect, test } from 'vitest'
import { packageGaps } from './package-gaps.ts'

const image = { steps: [{ layer: { index: 0, external: false, state: 'done' as const } }] }

test('lists that were not read are told beside layers that were not, of each image', () => {
  const found = {
    missing: [{ layer: 0, state: 'damaged' as const }],
    unread: [{ path: 'var/lib/rpm/rpmdb.sqlite', layer: 1 }],
  }
  expect(packageGaps(image, found, ' of B')).toEqual([
    'layer 1 of B is damaged',
    'var/lib/rpm/rpmdb.sqlite of layer 2 of B is too large, or no list',
  ])
  expect(packageGaps(image, { missing: [], unread: [] })).toEqual([])
})
