import { expect, it } from 'vitest'
import { openMemoryMetadataStore } from '../../storage/metadata/memory/memory-metadata-store.ts'
import { parseTag } from '../oci/tag.ts'
import { digestField } from '../records/fields.ts'
import { keys } from '../records/keys.ts'
import { tagCodec } from '../records/tag.ts'
import { newestTags, type TagPlace } from './newest-tags.ts'

const REPO = '0000000000000001'
const DIGEST = digestField.parse(`sha256:${'ab'.repeat(32)}`)

/** Tags whose order by name has nothing to do with that by time; always two moved at the same time. */
async function manyTags(count: number) {
  const metadata = await openMemoryMetadataStore()
  const sets = Array.from({ length: count }, (_, at) => {
    const tag = parseTag(`t${(at * 7919) % count}`)
    if (tag === undefined) throw new TypeError('no tag')
    return {
      key: keys.tag(REPO, tag),
      value: tagCodec.encode({ digest: DIGEST, at: 1_700_000_000_000 + Math.floor(at / 2), by: 'user:a' }),
    }
  })
  await metadata.commit({ checks: [], sets, deletes: [] })
  return metadata
}

it('gives every tag once, the last moved first, page by page', async () => {
  const metadata = await manyTags(3000)
  const found: TagPlace[] = []
  for (let after: TagPlace | undefined; ; after = found.at(-1)) {
    const { tags, total } = await newestTags(metadata, REPO, { part: '', after, limit: 400 })
    expect(total).toBe(3000)
    found.push(...tags)
    if (tags.length < 400) break
  }
  expect(new Set(found.map(({ tag }) => tag)).size).toBe(3000)
  const inOrder = found.every((one, index) => {
    const next = found[index + 1]
    return next === undefined || one.at > next.at || (one.at === next.at && one.tag < next.tag)
  })
  expect(inOrder).toBe(true)
  await metadata.close()
})

it('counts those that hold a part, in any case', async () => {
  const metadata = await manyTags(200)
  const { tags, total } = await newestTags(metadata, REPO, { part: 'T19', after: undefined, limit: 5 })
  expect([tags.length, total]).toEqual([5, 11])
  await metadata.close()
})
