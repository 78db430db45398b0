import { sizeText } from '../../format.ts'
import type { EntryRow } from './entry-row.ts'
import type { FilePath } from './file-path.ts'

/** Entries that have a box of their own, and the share below which a box has no room for a name. */
const BOXES = 12
const NAMED = 0.04

/** Where the bytes of a directory are, true to size; the list below says the same and is reached by keyboard. */
export function Weights({
  rows,
  open,
}: {
  readonly rows: readonly EntryRow[]
  readonly open: (path: FilePath) => void
}) {
  const heavy = rows
    .filter(({ bytes = 0, mark }) => bytes > 0 && mark[2] !== 'removed')
    .toSorted((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0))
  const all = heavy.reduce((sum, { bytes = 0 }) => sum + bytes, 0)
  if (heavy.length < 2) return null
  const rest = heavy.slice(BOXES).reduce((sum, { bytes = 0 }) => sum + bytes, 0)
  return (
    <div class="weights" aria-hidden="true">
      {heavy.slice(0, BOXES).map((row) => {
        const { name, nameRaw, bytes = 0, isDirectory, path } = row
        const box = {
          class: bytes / all < NAMED ? 'weight small' : 'weight',
          style: { flexGrow: bytes / all },
          title: `${name}, ${sizeText(bytes)} unpacked`,
        }
        const text = bytes / all < NAMED ? '' : name
        return isDirectory ? (
          <button key={nameRaw ?? name} type="button" tabIndex={-1} {...box} onClick={() => open(path)}>
            {text}
          </button>
        ) : (
          <span key={nameRaw ?? name} {...box}>
            {text}
          </span>
        )
      })}
      {rest > 0 && (
        <span
          class="weight small"
          style={{ flexGrow: rest / all }}
          title={`${heavy.length - BOXES} others, ${sizeText(rest)} unpacked`}
        />
      )}
    </div>
  )
}
