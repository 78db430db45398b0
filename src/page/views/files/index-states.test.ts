import { describe, expect, test } from 'vitest'
import { areComing, isComing, missingText } from './index-states.ts'

const image = {
  steps: [{ layer: layer(0, { external: true }) }, { layer: null }, { layer: layer(1, { external: false }) }],
}

describe('files that are not there', () => {
  test('will come when their layer waits for its turn', () => {
    expect(isComing(image, { layer: 1, state: 'queued' })).toBe(true)
    expect(isComing(image, { layer: 1, state: 'damaged' })).toBe(false)
  })

  test('never come of a layer whose bytes are kept elsewhere', () => {
    expect(isComing(image, { layer: 0, state: 'none' })).toBe(false)
    expect(areComing(image, 0)).toBe(false)
    expect(areComing(image)).toBe(true)
  })

  test('are told with the reason', () => {
    expect(missingText(image, { layer: 0, state: 'none' })).toBe('layer 1 is kept elsewhere')
    expect(missingText(image, { layer: 1, state: 'damaged' }, ' of B')).toBe('layer 2 of B is damaged')
  })
})

function layer(index: number, { external }: { external: boolean }) {
  return { index, external, state: 'none' as const }
}
