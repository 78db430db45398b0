import { useEffect, useRef } from 'preact/hooks'
import type { MergedEntry } from '../../api/schema.generated.ts'
import { sizeText } from '../../format.ts'
import { here, setQuery } from '../../location.ts'
import { crumbs, enter, type FilePath, ROOT } from './file-path.ts'
import type { Selection } from './selection.ts'

const MARKS: Readonly<Record<MergedEntry['state'], readonly [mark: string, meaning: string]>> = {
  added: ['+', 'added'],
  changed: ['~', 'changed'],
  metadata: ['·', 'owner, mode or date changed'],
  removed: ['−', 'removed'],
  same: ['', ''],
}

/** A directory as a list: arrows move, Enter or → opens a directory, ← goes up. */
export function EntryList({
  path,
  entries,
  selection,
  open,
}: {
  readonly path: FilePath
  readonly entries: readonly MergedEntry[]
  readonly selection: Selection | undefined
  readonly open: (path: FilePath) => void
}) {
  const list = useRef<HTMLDivElement>(null)
  const moved = useRef(false)
  const bySize = here.value.query.get('files') === 'size'
  const shown = bySize ? entries.toSorted((a, b) => bytesOf(b) - bytesOf(a)) : entries
  const largest = Math.max(1, ...entries.map(bytesOf))
  useEffect(() => {
    // Who walks by keyboard goes on in the new directory.
    if (moved.current) list.current?.querySelector<HTMLElement>('[role=row][tabindex="0"]')?.focus()
    moved.current = false
  }, [JSON.stringify(path)])
  const go = (next: FilePath) => {
    moved.current = true
    open(next)
  }
  const onKey = (event: KeyboardEvent, entry: MergedEntry) => {
    const row = event.currentTarget instanceof Element ? event.currentTarget : undefined
    if ((event.key === 'Enter' || event.key === 'ArrowRight') && isOpen(entry)) go(enter(path, entry))
    else if (event.key === 'ArrowLeft') go(crumbs(path).at(-2)?.path ?? ROOT)
    else if (event.key === 'ArrowDown') focusOn(row?.nextElementSibling)
    else if (event.key === 'ArrowUp') focusOn(row?.previousElementSibling)
    else return
    event.preventDefault()
  }
  if (entries.length === 0) return <p class="dim">Nothing is in this directory.</p>
  return (
    <div class="entries" role="grid" aria-label="Entries of the directory" ref={list}>
      <div role="row" class="entry entry-head dim">
        <span role="columnheader">
          <span class="sr">Change</span>
        </span>
        <span role="columnheader">
          <button
            type="button"
            class="link sort"
            aria-pressed={!bySize}
            onClick={() => setQuery({ files: undefined })}
          >
            Name{!bySize && ' ↓'}
          </button>
        </span>
        <span role="columnheader">From step</span>
        <span role="columnheader" class="number">
          <button
            type="button"
            class="link sort"
            aria-pressed={bySize}
            onClick={() => setQuery({ files: 'size' })}
          >
            Unpacked{bySize && ' ↓'}
          </button>
        </span>
      </div>
      {shown.map((entry, index) => {
        const [mark, meaning] = MARKS[entry.state]
        const size = bytesOf(entry)
        return (
          <div
            key={entry.nameRaw ?? entry.name}
            role="row"
            class={`entry ${entry.state}${isChosen(entry, selection) ? ' chosen' : ''}`}
            tabIndex={index === 0 ? 0 : -1}
            onKeyDown={(event) => onKey(event, entry)}
          >
            <span role="gridcell" class="mark" title={meaning}>
              <span aria-hidden="true">{mark}</span>
              <span class="sr">{meaning}</span>
            </span>
            <span role="gridcell" class="entry-name">
              {isOpen(entry) ? (
                <button
                  type="button"
                  class="link mono"
                  tabIndex={-1}
                  onClick={() => open(enter(path, entry))}
                >
                  <bdi>{entry.name}</bdi>/
                </button>
              ) : (
                <code>
                  <bdi>{entry.name}</bdi>
                </code>
              )}
              {entry.linkname !== undefined && (
                <span class="dim">
                  {' → '}
                  <bdi>{entry.linkname}</bdi>
                </span>
              )}
            </span>
            <span role="gridcell" class="dim">
              {whence(entry)}
            </span>
            <span role="gridcell" class="number entry-size">
              <span class="entry-bar" aria-hidden="true" style={{ width: `${(size / largest) * 100}%` }} />
              {isOpen(entry) || entry.type === 'file' || entry.state === 'removed'
                ? sizeText(size)
                : entry.type}
            </span>
          </div>
        )
      })}
    </div>
  )
}

function isOpen({ type, state }: MergedEntry): boolean {
  return type === 'dir' && state !== 'removed'
}

/** A directory weighs what its layers ship in it. */
function bytesOf({ type, size, shipped }: MergedEntry): number {
  return type === 'dir' ? (shipped?.bytes ?? 0) : size
}

function isChosen({ step }: MergedEntry, selection: Selection | undefined): boolean {
  return selection !== undefined && step !== null && step + 1 >= selection.from && step + 1 <= selection.to
}

/** Steps count from 1 where people read them. */
function whence({ state, step, beforeStep }: MergedEntry): string {
  const number = (value: number | null | undefined) => (typeof value === 'number' ? String(value + 1) : '?')
  if (state === 'removed')
    return beforeStep === undefined
      ? `gone in ${number(step)}`
      : `gone in ${number(step)}, still in ${number(beforeStep)} ⚠`
  return beforeStep === undefined ? number(step) : `${number(beforeStep)} → ${number(step)}`
}

function focusOn(element: Element | null | undefined): void {
  if (element instanceof HTMLElement && element.tabIndex >= -1 && element.classList.contains('entry'))
    element.focus()
}
