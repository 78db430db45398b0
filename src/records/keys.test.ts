import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { assert, constantFrom, nat, property, stringMatching } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import { digestFromBytes } from '../oci/digest.ts'
import { parseName, type RepositoryName } from '../oci/name.ts'
import { keyAfter, keyAfterPrefix, keys, REPOSITORY_KINDS } from './keys.ts'

const S1 = digestFromBytes('sha256', new Uint8Array(32).fill(1))
const S2 = digestFromBytes('sha256', new Uint8Array(32).fill(0xff))
const L1 = digestFromBytes('sha512', new Uint8Array(64).fill(1))
const REPO = '0000000000000001'
const OTHER = '00000000000000ff'
const NAMES = ['a', 'a-b', 'a/b', 'a0', 'a.b', 'a_b', 'a/b/c', 'ab', 'a/b-c']

function named(text: string): RepositoryName {
  const name = parseName(text)
  if (name === undefined) throw new Error(text)
  return name
}

const hex = (key: Uint8Array) => Buffer.from(key).toString('hex')

/** One key of every table for each of some values that look alike. */
function sample(): Map<string, Uint8Array[]> {
  const projects = ['a', 'a-b', 'a0', 'ab']
  const digests = [S1, S2, L1]
  const repos = [REPO, OTHER]
  const many = (make: (project: string, repo: string, digest: typeof S1) => Uint8Array) =>
    projects.flatMap((project) =>
      repos.flatMap((repo) => digests.map((digest) => make(project, repo, digest))),
    )
  return new Map([
    ['project', many((project) => keys.project(project))],
    ['member', many((project) => keys.member(project, 'u'))],
    ['membership', many((project) => keys.membership('u', project))],
    ['public', many((project) => keys.publicProject(project))],
    ['repository', NAMES.map((text) => keys.repository(named(text)))],
    ['blob', many((_, __, digest) => keys.blob(digest))],
    ['alias', many((_, __, digest) => keys.alias(digest))],
    ['link', many((_, repo, digest) => keys.link(repo, digest))],
    ['holder', many((project, repo, digest) => keys.holder(digest, project, repo, digest))],
    ['manifest', many((_, repo, digest) => keys.manifest(repo, digest))],
    ['body', many((_, repo, digest) => keys.body(repo, digest))],
    ['edge', many((_, repo, digest) => keys.edge(repo, digest, S1))],
    ['tag', many((project, repo) => keys.tag(repo, project))],
    ['tagged', many((project, repo, digest) => keys.tagged(repo, digest, project))],
    ['tagLog', many((project, repo) => keys.tagLogEntry(repo, project, 1n))],
    ['referrer', many((_, repo, digest) => keys.referrer(repo, digest, S1))],
    ['pulled', many((_, repo, digest) => keys.pulled(repo, digest))],
    ['keep', many((_, repo, digest) => keys.keep(repo, digest))],
    ['grave', many((_, repo, digest) => keys.grave(repo, digest))],
    ['usage', many((project) => keys.usage(project, 'id'))],
    ['policy', many((project) => keys.policy(project))],
    ['charge', many((project, _, digest) => keys.charge(project, digest))],
    ['upload', many((project) => keys.upload(project))],
    ['uploadOf', many((project) => keys.uploadOf(project, 'id'))],
    ['review', many((_, repo, digest) => keys.review(1, 'link', repo, digest))],
    ['trash', many((project) => keys.trash(1, project))],
    ['lease', many((project) => keys.lease(project))],
    ['deadLetter', many((project) => keys.deadLetter('job', project))],
    ['outbox', many((_, __, digest) => keys.outbox(1, Buffer.from(digest.slice(-16), 'hex')))],
    ['migration', [keys.migration('source'), keys.migration('target')]],
    ['loginFailures', many((_, __, digest) => keys.loginFailures(Buffer.from(digest.slice(-64), 'hex')))],
    ['user', many((project) => keys.user(project))],
    ['credential', many((_, __, digest) => keys.credential(Buffer.from(digest.slice(-64), 'hex')))],
    ['credentialOf', many((project) => keys.credentialOf(project, 'id'))],
    ['signingKey', many((project) => keys.signingKey(project))],
    ['account', many((project) => keys.account(project, 'x'))],
    ['session', many((project) => keys.session(project, 'id'))],
    ['runtime', many((name) => keys.runtimeSetting(name))],
  ])
}

describe('the key tree', () => {
  it('has a table of its own for every kind of key', () => {
    const tables = [...sample()].map(([kind, made]) => ({ kind, bytes: new Set(made.map((key) => key[0])) }))
    expect(tables.filter(({ bytes }) => bytes.size !== 1)).toEqual([])
    expect(new Set(tables.flatMap(({ bytes }) => [...bytes])).size).toBe(tables.length)
    expect(Object.keys(keys).length).toBeGreaterThan(tables.length)
  })

  it('says of each kind whose keys begin with a repository that it is cleared with one', async () => {
    const tree = await readFile(new URL('keys.ts', import.meta.url), 'utf8')
    const rows = [...tree.matchAll(/^ \*   [0-9a-f]{2} ([a-z-]+) +⟨repo⟩/gm)].map(([, kind]) => kind)
    const inWords = REPOSITORY_KINDS.map((kind) =>
      kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    )
    expect(new Set(rows)).toEqual(new Set(inWords))
  })

  it('never has a key that begins with another', () => {
    const all = [...new Set([...sample().values()].flat().map(hex))].sort()
    // In sorted order a key that begins with another follows it.
    for (const [at, key] of all.entries()) expect(all[at + 1]?.startsWith(key) ?? false).toBe(false)
  })

  it('lists with a prefix what belongs to it and nothing that looks like it', async () => {
    const store = await openMemoryMetadataStore()
    const unique = new Map([...sample().values()].flat().map((key) => [hex(key), key]))
    const sets = [...unique.values()].map((key) => ({ key, value: Uint8Array.of(1) }))
    await store.commit({ checks: [], sets, deletes: [] })
    const listed = async (prefix: Uint8Array) =>
      (await store.range({ prefix, limit: 1000 })).map(({ key }) => hex(key))

    const repositories = (texts: string[]) => texts.map((text) => hex(keys.repository(named(text))))
    expect(await listed(keys.repositories('a'))).toEqual(repositories(['a', 'a/b', 'a/b-c', 'a/b/c']))
    expect(await listed(keys.repositories('a-b'))).toEqual(repositories(['a-b']))
    expect(await listed(keys.repositories('a0'))).toEqual(repositories(['a0']))
    expect(await listed(keys.members('a'))).toEqual([hex(keys.member('a', 'u'))])
    expect(await listed(keys.accounts('a'))).toEqual([hex(keys.account('a', 'x'))])
    expect(await listed(keys.uploadsOf('a'))).toEqual([hex(keys.uploadOf('a', 'id'))])
    expect(await listed(keys.credentialsOf('a'))).toEqual([hex(keys.credentialOf('a', 'id'))])
    expect(await listed(keys.holdersInProject(S1, 'a'))).toEqual([
      hex(keys.holder(S1, 'a', REPO, S1)),
      hex(keys.holder(S1, 'a', OTHER, S1)),
    ])
    expect((await listed(keys.holders(S1))).length).toBe(8)
    expect(await listed(keys.tagLog(REPO, 'a'))).toEqual([hex(keys.tagLogEntry(REPO, 'a', 1n))])
    expect(await listed(keys.tags(REPO))).toEqual(
      ['a', 'a-b', 'a0', 'ab'].map((text) => hex(keys.tag(REPO, text))),
    )
    expect((await listed(keys.tagsOf(REPO, S1))).length).toBe(4)
    expect(await listed(keys.referrers(REPO, S1))).toEqual([hex(keys.referrer(REPO, S1, S1))])
    expect(await listed(keys.edges(REPO, L1))).toEqual([hex(keys.edge(REPO, L1, S1))])
    expect((await listed(keys.manifests(REPO))).length).toBe(3)
    expect((await listed(keys.allIn(OTHER, 'link'))).length).toBe(3)
    expect((await listed(keys.projects())).length).toBe(4)
    expect((await listed(keys.uploads())).length).toBe(4)
    await store.close()
  })

  it('sorts queues by date, and histories by sequence', () => {
    assert(
      property(nat(), nat(), (a, b) => {
        const order = Math.sign(a - b)
        expect(Math.sign(Buffer.compare(keys.trash(a, 'z'), keys.trash(b, 'z')))).toBe(order)
        expect(
          Math.sign(Buffer.compare(keys.review(a, 'blob', REPO, S1), keys.review(b, 'blob', REPO, S1))),
        ).toBe(order)
        expect(
          Math.sign(
            Buffer.compare(keys.tagLogEntry(REPO, 't', BigInt(a)), keys.tagLogEntry(REPO, 't', BigInt(b))),
          ),
        ).toBe(order)
      }),
    )
  })

  it('tells a digest from another with the same first bytes and another algorithm', () => {
    const bytes = randomBytes(64)
    const short = digestFromBytes('sha256', bytes.subarray(0, 32))
    const long = digestFromBytes('sha512', bytes)
    expect(hex(keys.link(REPO, long)).startsWith(hex(keys.link(REPO, short)))).toBe(false)
    expect(hex(keys.holders(long)).startsWith(hex(keys.holders(short)))).toBe(false)
  })
})

describe('keyAfter and keyAfterPrefix', () => {
  const project = stringMatching(/^[a-z0-9-]{1,4}$/)

  it('keyAfter is behind the key and before everything else behind it', () => {
    assert(
      property(project, project, (a, b) => {
        const [one, two] = [keys.project(a), keys.project(b)]
        if (Buffer.compare(two, one) > 0) expect(Buffer.compare(keyAfter(one), two)).toBeLessThanOrEqual(0)
        expect(Buffer.compare(one, keyAfter(one))).toBe(-1)
      }),
    )
  })

  it('keyAfterPrefix is behind all that begins with it, and before the rest', () => {
    assert(
      property(project, project, constantFrom(REPO, OTHER, 'ffffffffffffffff'), (a, b, repo) => {
        const after = keyAfterPrefix(keys.holdersInProject(S2, a))
        const key = keys.holder(S2, b, repo, S2)
        expect(Buffer.compare(key, after) < 0).toBe(b <= a)
      }),
    )
  })
})
