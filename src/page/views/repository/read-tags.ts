import { call } from '../../api/client.ts'
import type { TagSummary } from '../../api/schema.generated.ts'

/** As many as one answer holds. */
const PAGE = 1000

/** The tags of a repository that were pushed last, of those that hold a text. */
export async function readTags(
  wanted: { readonly repository: string; readonly find: string; readonly pages: number },
  signal: AbortSignal,
): Promise<{
  readonly tags: readonly TagSummary[]
  /** How many there are. */
  readonly total: number
  /** There are more than were read. */
  readonly next: string | undefined
}> {
  const { repository, find, pages } = wanted
  const ask = (last?: string) =>
    call('getTags', { query: { repository, order: 'pushed', q: find || undefined, n: PAGE, last } }, signal)
  const first = await ask()
  const tags = [...first.tags]
  let { next } = first
  for (let page = 1; page < pages && next !== undefined; page += 1) {
    const more = await ask(next)
    tags.push(...more.tags)
    next = more.next
  }
  return { tags, total: first.total ?? tags.length, next: tags.length === first.total ? undefined : next }
}
