import {
  type Arbitrary,
  array,
  assert,
  bigInt,
  constant,
  nat,
  oneof,
  option,
  property,
  record,
  uint8Array,
} from 'fast-check'
import { expect, it } from 'vitest'
import type { Check, Commit } from '../../metadata-store.ts'
import { decodeCommit, encodeCommit } from './commit-message.ts'

const bytes = uint8Array({ maxLength: 300 })
const version = bigInt({ min: 1n, max: 2n ** 53n })
const since = option(nat(), { nil: undefined })
const check: Arbitrary<Check> = oneof(
  record({
    kind: constant('version' as const),
    key: bytes,
    version: option(version, { nil: undefined }),
    since,
  }),
  record({ kind: constant('exists' as const), key: bytes, since }),
  record({
    kind: constant('range' as const),
    owner: bytes,
    prefix: bytes,
    entries: array(record({ key: bytes, version }), { maxLength: 5 }),
    since,
  }),
)
const commit: Arbitrary<Commit> = record({
  checks: array(check, { maxLength: 8 }),
  sets: array(record({ key: bytes, value: uint8Array({ maxLength: 9000 }) }), { maxLength: 8 }),
  deletes: array(bytes, { maxLength: 8 }),
})

it('a commit arrives as it was sent', () => {
  assert(
    property(commit, (sent) => {
      expect(plain(decodeCommit(encodeCommit(sent)))).toEqual(plain(sent))
    }),
  )
})

/** Arrays of bytes are compared by what they hold, not by which class of array they are. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]))
}
