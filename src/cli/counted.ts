import type { Context } from './command.ts'
import { progressLine } from './progress.ts'
import { bytes } from './table.ts'

const MIB = 2 ** 20
const INTERVAL_MS = 100

/** The same bytes, shown as they pass; `total` is undefined for what comes through a pipe. */
export async function* counted(
  source: AsyncIterable<Uint8Array>,
  context: Context,
  { verb, total }: { readonly verb: string; readonly total: number | undefined },
): AsyncGenerator<Uint8Array> {
  let moved = 0
  let shown = 0
  for await (const chunk of source) {
    yield chunk
    moved += chunk.length
    if (performance.now() - shown < INTERVAL_MS) continue
    shown = performance.now()
    context.showProgress(
      total === undefined
        ? `${verb} ${bytes(moved)}`
        : progressLine(verb, Math.floor(moved / MIB), Math.ceil(total / MIB), 'MiB'),
    )
  }
}
