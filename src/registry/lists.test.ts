import { array, assert, asyncProperty, integer, nat, stringMatching, uniqueArray } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type RepositoryName } from '../oci/name.ts'
import { image, name } from './content-fixture.ts'
import { parseManifestAside } from './parse-manifest.ts'
import { codeOf, openTestRegistry, push, pushBlob } from './registry-fixture.ts'
import { repositoriesOf } from './repositories.ts'
import { listTags } from './tags.ts'

/** Without what was passed over. */
async function all<Item>(items: AsyncIterable<Item | undefined>): Promise<Item[]> {
  const found: Item[] = []
  for await (const item of items) if (item !== undefined) found.push(item)
  return found
}

const bytewise = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

describe('listTags', () => {
  it('gives every tag once, in byte order, behind `last`, however few are expected', async () => {
    const tags = uniqueArray(stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,3}$/), {
      minLength: 1,
      maxLength: 20,
    })
    await assert(
      asyncProperty(tags, stringMatching(/^[a-zA-Z0-9._-]{0,3}$/), nat(21), async (list, last, few) => {
        const registry = await openTestRegistry()
        const config = await pushBlob(registry, 'a', 'config')
        await pushBlob(registry, 'a/b', 'config')
        await push(registry, 'a/b', image(config), { tags: ['elsewhere'] })
        await push(registry, 'a', image(config), { tags: list })
        const sorted = [...list].sort(bytewise)
        expect(await all(await listTags(registry.parts, name('a')))).toEqual(sorted)
        for (const behind of [last, ...list.slice(0, 3)])
          expect(
            await all(await listTags(registry.parts, name('a'), { last: behind, few: few + 1 })),
          ).toEqual(sorted.filter((tag) => bytewise(tag, behind) > 0))
      }),
      { numRuns: 30 },
    )
  })

  it('of an unknown repository is an error, of an empty one is empty', async () => {
    const registry = await openTestRegistry()
    await pushBlob(registry, 'a', 'config')
    expect(await all(await listTags(registry.parts, name('a')))).toEqual([])
    expect(await listTags(registry.parts, name('b')).catch(codeOf)).toBe('NAME_UNKNOWN')
  })
})

describe('repositoriesOf', () => {
  const component = stringMatching(/^[a-c0]([._-][a-c0])?$/)
  const rests = uniqueArray(
    array(component, { maxLength: 2 }).map((parts) => ['p', ...parts].join('/')),
    { maxLength: 8 },
  )

  it('gives those with a manifest, and only of the project', async () => {
    await assert(
      asyncProperty(rests, integer({ min: 0, max: 8 }), async (list, at) => {
        const registry = await openTestRegistry()
        for (const repository of [...list, 'p-q', 'p0', 'o/p']) {
          const config = await pushBlob(registry, repository, 'config')
          await push(registry, repository, image(config))
        }
        await pushBlob(registry, 'p/empty', 'only a blob')
        const of = (last?: RepositoryName) => all(repositoriesOf(registry.metadata, 'p', last))
        const found = await of()
        expect([...found].sort()).toEqual([...list].sort())
        const last = found[at]
        if (last !== undefined) expect(await of(last)).toEqual(found.slice(at + 1))
      }),
      { numRuns: 30 },
    )
  })

  it('goes on page after page', async () => {
    const registry = await openTestRegistry()
    const wanted = Array.from({ length: 205 }, (_, at) => `p/${String(at).padStart(3, '0')}`)
    const config = await pushBlob(registry, 'p/000', 'config')
    for (const repository of wanted) {
      await pushBlob(registry, repository, 'config')
      await push(registry, repository, image(config))
    }
    expect(await all(repositoriesOf(registry.metadata, 'p', undefined))).toEqual(wanted)
  })
})

describe('parseManifestAside', () => {
  it('says the same of a large manifest as of a small one, for many at once', async () => {
    const registry = await openTestRegistry()
    const config = await pushBlob(registry, 'a', 'config')
    const large = (text: string) => image(config, [], { annotations: { text, fill: 'x'.repeat(300_000) } })
    const results = await Promise.all([
      ...['a', 'b', 'c'].map((text) => parseManifestAside(large(text), '')),
      parseManifestAside(Buffer.from(`{"x":"${'y'.repeat(300_000)}"}`), ''),
      parseManifestAside(Buffer.from('['.repeat(300_000)), ''),
      parseManifestAside(
        Buffer.from(`{"schemaVersion":2,"mediaType":{"toString":1},"x":"${'y'.repeat(300_000)}"}`),
        'application/vnd.oci.image.manifest.v1+json',
      ),
    ])
    for (const result of results.slice(0, 3))
      expect(typeof result === 'object' && result.config?.digest).toBe(config)
    expect(results.slice(3)).toEqual([
      'schemaVersion must be 2',
      'manifest nests deeper than 32 levels',
      "mediaType in the manifest is not a string, Content-Type says 'application/vnd.oci.image.manifest.v1+json'",
    ])
  })
})
