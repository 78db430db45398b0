import type { ImportedImage } from '../../images/import-archive.ts'
import type { OnContent } from '../../images/read-archive.ts'
import type { RepositoryName } from '../../oci/name.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { asRegistryError, renderError } from '../render-error.ts'

/**
 * An answer that goes on while the archive comes in: one JSON object in each line. The status has left with the first
 * line, so a failure after that is the last line, in the form of every failure.
 */
export function withLines(
  exchange: Exchange,
  repository: RepositoryName,
  take: (onContent: OnContent) => Promise<readonly ImportedImage[]>,
): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' },
    body: async (write) => {
      const line = (value: unknown) => write(Buffer.from(`${JSON.stringify(value)}\n`))
      const told = { any: false }
      const onContent: OnContent = async (path, taken) => {
        told.any = true
        await line({ content: { path, ...taken } })
      }
      try {
        await line({ done: { repository, images: await take(onContent) } })
      } catch (error) {
        // Nobody is left to read it, or nothing has left and the answer can still be an error.
        if (!told.any || !exchange.request.complete) throw error
        const known = asRegistryError(error)
        exchange.note({ code: known.code, ...(known.status >= 500 && { err: known.cause ?? error }) })
        await line(JSON.parse(String(renderError(known, exchange.requestId).body)))
      }
    },
  }
}
