import type { ImageView as Image } from '../../api/schema.generated.ts'
import { FileContent } from '../files/file-content.tsx'
import type { Selection } from './selection.ts'

/** What an artifact holds, where that is no archive of files: of the chosen parts the first, or of the only one. */
export function ContentPart({
  image: { steps },
  selection,
}: {
  readonly image: Image
  readonly selection: Selection | undefined
}) {
  const chosen = steps.length === 1 ? steps : steps.slice((selection?.from ?? 1) - 1, selection?.to ?? 0)
  const layer = chosen.find((step) => step.layer !== null)?.layer ?? undefined
  if (layer === undefined || layer.external) return null
  return (
    <section aria-label="Content">
      <h2>What is in it</h2>
      <FileContent key={layer.digest} source={{ bytesOf: layer.digest }} />
    </section>
  )
}
