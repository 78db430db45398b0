import { expect, test } from 'vitest'
import { createProgress, progressLine } from './progress.ts'

test('a bar fills with what is done', () => {
  expect(progressLine('copying', 0, 4, 'blobs')).toBe('copying [------------------------] 0 of 4 blobs')
  expect(progressLine('copying', 2, 4, 'blobs')).toBe('copying [############------------] 2 of 4 blobs')
  expect(progressLine('copying', 0, 0, 'blobs')).toContain('[########################]')
})

test('a terminal gets one line, written over; nothing else gets any', () => {
  const written: string[] = []
  const write = (text: string): number => written.push(text)
  const terminal = createProgress({ isTTY: true, columns: 10, write })
  for (const line of ['one', 'one', 'longer than ten', '', '']) terminal(line)
  expect(written).toEqual(['\r\u001b[Kone', '\r\u001b[Klonger th', '\r\u001b[K'])
  createProgress({ write })('one')
  expect(written).toHaveLength(3)
})
