import type { MergedEntry } from '../../api/schema.generated.ts'
import { sizeText } from '../../format.ts'
import { here, href } from '../../location.ts'
import { rowOfMerged } from './entry-row.ts'
import { type FilePath, parentOf, pathQuery } from './file-path.ts'

/** Versions that are looked for. */
const VERSIONS = 20

/** What the layers did to a file, newest first: each version names the layer that had it before. */
export async function readVersions(
  entryAt: (upto: number | undefined) => Promise<MergedEntry | undefined>,
): Promise<MergedEntry[]> {
  const found: MergedEntry[] = []
  for (let upto: number | undefined; found.length < VERSIONS; ) {
    const entry = await entryAt(upto)
    if (entry === undefined) break
    found.push(entry)
    if (entry.beforeLayer === undefined) break
    upto = entry.beforeLayer
  }
  return found
}

/** The history of a file through the steps; nothing when only one of them wrote it. */
export function FileVersions({
  path,
  versions,
  layer,
}: {
  readonly path: FilePath
  readonly versions: readonly MergedEntry[]
  /** The layer whose version is shown, from 0. */
  readonly layer: number
}) {
  const { query } = here.value
  if (versions.length < 2) return null
  return (
    <nav class="versions" aria-label="Versions of the file">
      {versions.toReversed().map((version) => {
        const { step, mark, bytes } = rowOfMerged(parentOf(path), version)
        const where = step === undefined ? `layer ${version.layer + 1}` : `step ${step}`
        if (version.state === 'removed')
          return (
            <span key={version.layer} class="version removed">
              − {where} removed it
            </span>
          )
        return (
          <a
            key={version.layer}
            class={`version ${mark[2]}`}
            aria-current={version.layer === layer ? 'true' : undefined}
            href={href('file', {
              ref: query.get('ref') ?? '',
              platform: query.get('platform') ?? undefined,
              ...pathQuery(path),
              upto: version.layer + 1,
            })}
          >
            {where} {version.beforeLayer === undefined ? 'added it' : 'changed it'}, {sizeText(bytes ?? 0)}
          </a>
        )
      })}
    </nav>
  )
}
