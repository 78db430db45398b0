import { expect, test } from 'vitest'
import { packageDifferences } from './package-differences.ts'

const one = (name: string, version: string, type: 'deb' | 'npm' = 'deb') => ({
  type,
  name,
  version,
  layer: 0,
  path: 'var/lib/dpkg/status',
})

test('packages that came, went, or have other versions differ', () => {
  const a = [
    one('bash', '5.1'),
    one('curl', '7'),
    one('zlib', '1'),
    one('ms', '2', 'npm'),
    one('ms', '1', 'npm'),
  ]
  const b = [
    one('bash', '5.2'),
    one('zlib', '1'),
    one('jq', '1.6'),
    one('ms', '2', 'npm'),
    one('ms', '2', 'npm'),
  ]
  expect(packageDifferences(a, b)).toEqual([
    { type: 'deb', name: 'bash', a: ['5.1'], b: ['5.2'] },
    { type: 'deb', name: 'curl', a: ['7'], b: [] },
    { type: 'deb', name: 'jq', a: [], b: ['1.6'] },
    { type: 'npm', name: 'ms', a: ['1', '2'], b: ['2'] },
  ])
  expect(packageDifferences(a, a.toReversed())).toEqual([])
})
