import { listFolder } from '../../registry/folder.ts'
import { nameUnknown } from '../../registry/repositories.ts'
import { listTags as tagsOf } from '../../registry/tags.ts'
import { repositoryName } from '../authorize.ts'
import { type Handler, json } from '../exchange.ts'
import { folderFields } from './folder-fields.ts'
import { nextLink, takePage } from './pages.ts'
import { pageSize, queryText } from './params.ts'
import type { DistributionParts } from './parts.ts'

/** distribution-spec end-8a, 8b: tags in byte order, behind `last`, at most `n`; the first page as gcr.io has it. */
export function listTags({ registry, listFolders, longLists }: DistributionParts): Handler {
  return async (exchange) => {
    const name = repositoryName(exchange.params)
    const n = pageSize(exchange)
    const last = queryText(exchange, 'last')?.replaceAll('\0', '')
    const folder = listFolders && last === undefined ? await listFolder(registry.metadata, name) : undefined
    if (folder !== undefined && folder.manifests === undefined) {
      if (folder.children.length === 0) throw nameUnknown(name)
      return json(200, { name, tags: [], ...folderFields(folder) })
    }
    // One more than is answered tells whether more follows.
    const tags = await tagsOf(registry, name, { last, few: n === undefined ? n : n + 1 })
    const page = await takePage(tags, {
      n,
      jsonBytes: (tag) => tag.length + 3,
      whenLong: (rest) => longLists(exchange, rest),
    })
    const next = page.more
      ? nextLink(`/v2/${name}/tags/list`, { n: n?.toString(), last: page.items.at(-1) })
      : {}
    return json(200, { name, tags: page.items, ...(folder && folderFields(folder)) }, next)
  }
}
