import { expect, test } from 'vitest'
import { digestFromBytes } from '../oci/digest.ts'
import { nameField } from './fields.ts'
import { keys } from './keys.ts'
import {
  readChargeKey,
  readContentKey,
  readEdgeKey,
  readHolderKey,
  readReferrerKey,
  readRepositoryKey,
  readTaggedKey,
  readTagKey,
  readTagLogKey,
} from './read-key.ts'

const ONE = digestFromBytes('sha256', new Uint8Array(32).fill(1))
const OTHER = digestFromBytes('sha512', new Uint8Array(64).fill(0xff))
const repo = '00000000000000fe'
const tag = 'v1.0'

test('every key reads as what it was made of', () => {
  for (const make of [keys.link, keys.manifest, keys.body, keys.pulled, keys.keep, keys.grave])
    expect(readContentKey(make(repo, OTHER))).toEqual({ repo, digest: OTHER })
  expect(readEdgeKey(keys.edge(repo, ONE, OTHER))).toEqual({ repo, child: ONE, parent: OTHER })
  expect(readReferrerKey(keys.referrer(repo, ONE, OTHER))).toEqual({ repo, subject: ONE, digest: OTHER })
  expect(readTagKey(keys.tag(repo, tag))).toEqual({ repo, tag })
  expect(readTaggedKey(keys.tagged(repo, OTHER, tag))).toEqual({ repo, digest: OTHER, tag })
  expect(readTagLogKey(keys.tagLogEntry(repo, tag, 7n))).toEqual({ repo, tag, sequence: 7n })
  expect(readHolderKey(keys.holder(ONE, 'team', repo, OTHER))).toEqual({
    sha256: ONE,
    project: 'team',
    repo,
    digest: OTHER,
  })
  expect(readChargeKey(keys.charge('team', ONE))).toEqual({ project: 'team', sha256: ONE })
  for (const name of ['team', 'team/app', 'team/app/base'])
    expect(readRepositoryKey(keys.repository(nameField.parse(name)))).toBe(name)
})

test('a key that is cut off, or holds what is no name, is refused', () => {
  expect(() => readEdgeKey(keys.edges(repo, ONE))).toThrow(TypeError)
  expect(() => readTagKey(keys.tags(repo))).toThrow(TypeError)
  expect(() => readTagKey(keys.tag(repo, 'not a tag'))).toThrow("'not a tag'")
  expect(() => readRepositoryKey(Buffer.from('\u0005team\0Not A Name\0'))).toThrow("'team/Not A Name'")
})
