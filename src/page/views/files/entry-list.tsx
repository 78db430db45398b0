import { useEffect, useRef } from 'preact/hooks'
import { sizeText } from '../../format.ts'
import { go, here, setQuery } from '../../location.ts'
import type { EntryRow } from './entry-row.ts'
import { type FilePath, isSamePath, parentOf } from './file-path.ts'
import './files.css'

/** Rows that need not be laid out before they are in sight. */
const MANY = 200

/** Where keys lead among the rows; the first child of the list is its head. */
const MOVES: Readonly<Record<string, (row: Element) => Element | null | undefined>> = {
  ArrowDown: (row) => row.nextElementSibling,
  ArrowUp: (row) => row.previousElementSibling,
  Home: (row) => row.parentElement?.children[1],
  End: (row) => row.parentElement?.lastElementChild,
}

/** A directory as a list: arrows move, Enter or → opens, ← goes up. */
export function EntryList({
  path,
  rows,
  whence,
  isChosen,
  fileHref,
  open,
}: {
  readonly path: FilePath
  readonly rows: readonly EntryRow[]
  /** What the third column says. */
  readonly whence: string
  /** Rows that stand out. */
  readonly isChosen: (row: EntryRow) => boolean
  /** Where a file is shown; undefined when it cannot be. */
  readonly fileHref: (row: EntryRow) => string | undefined
  /** Goes to a directory. */
  readonly open: (path: FilePath) => void
}) {
  const list = useRef<HTMLDivElement>(null)
  const moved = useRef(false)
  const bySize = here.value.query.get('files') === 'size'
  const shown = bySize ? rows.toSorted((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0)) : rows
  const largest = Math.max(1, ...rows.map(({ bytes = 0 }) => bytes))
  useEffect(() => {
    // Who walks by keyboard goes on in the new directory.
    if (moved.current) list.current?.querySelector<HTMLElement>('[role=row][tabindex="0"]')?.focus()
    moved.current = false
  }, [JSON.stringify(path)])
  const walk = (next: FilePath) => {
    moved.current = true
    open(next)
  }
  const onKey = (event: KeyboardEvent, row: EntryRow) => {
    const element = event.currentTarget instanceof Element ? event.currentTarget : undefined
    const opens = event.key === 'Enter' || event.key === 'ArrowRight'
    const file = opens && !row.isDirectory ? fileHref(row) : undefined
    const move = MOVES[event.key]
    if (opens && row.isDirectory) walk(row.path)
    else if (file !== undefined) go(file)
    else if (event.key === 'ArrowLeft') walk(parentOf(path))
    else if (element !== undefined && move !== undefined) focusOn(move(element))
    else return
    event.preventDefault()
  }
  if (rows.length === 0) return <p class="dim">Nothing is in this directory.</p>
  return (
    <div
      class={rows.length > MANY ? 'entries many' : 'entries'}
      role="grid"
      aria-label="Entries of the directory"
      ref={list}
    >
      <Head bySize={bySize} whence={whence} />
      {shown.map((row, index) => (
        <div
          key={row.nameRaw ?? row.name}
          role="row"
          class={`entry ${row.mark[2]}${isChosen(row) ? ' chosen' : ''}`}
          tabIndex={index === 0 ? 0 : -1}
          onKeyDown={(event) => onKey(event, row)}
        >
          <span role="gridcell" class="mark" title={row.mark[1]}>
            <span aria-hidden="true">{row.mark[0]}</span>
            <span class="sr">{row.mark[1]}</span>
          </span>
          <span role="gridcell" class="entry-name">
            <Name row={row} href={fileHref(row)} open={open} />
          </span>
          <span role="gridcell" class="dim">
            {row.whence}
          </span>
          <span role="gridcell" class="number entry-size">
            <span
              class="entry-bar"
              aria-hidden="true"
              style={{ width: `${((row.bytes ?? 0) / largest) * 100}%` }}
            />
            {row.bytes === undefined ? row.type : sizeText(row.bytes)}
          </span>
        </div>
      ))}
    </div>
  )
}

function Head({ bySize, whence }: { readonly bySize: boolean; readonly whence: string }) {
  return (
    <div role="row" class="entry entry-head dim">
      <span role="columnheader">
        <span class="sr">Change</span>
      </span>
      <span role="columnheader">
        <button
          type="button"
          class="link sort"
          aria-pressed={!bySize}
          onClick={() => setQuery({ files: undefined }, { replace: true })}
        >
          Name{!bySize && <span aria-hidden="true"> ↑</span>}
        </button>
      </span>
      <span role="columnheader">{whence}</span>
      <span role="columnheader" class="number">
        <button
          type="button"
          class="link sort"
          aria-pressed={bySize}
          onClick={() => setQuery({ files: 'size' }, { replace: true })}
        >
          Unpacked{bySize && <span aria-hidden="true"> ↓</span>}
        </button>
      </span>
    </div>
  )
}

function Name({
  row,
  href,
  open,
}: {
  readonly row: EntryRow
  readonly href: string | undefined
  readonly open: (path: FilePath) => void
}) {
  const name = <bdi>{row.name}</bdi>
  return (
    <>
      {row.isDirectory ? (
        <button type="button" class="link mono" tabIndex={-1} onClick={() => open(row.path)}>
          {name}/
        </button>
      ) : href === undefined ? (
        <code>{name}</code>
      ) : (
        <a class="mono" tabIndex={-1} href={href}>
          {name}
        </a>
      )}
      {row.linkname !== undefined && (
        <span class="dim">
          {' → '}
          <bdi>{row.linkname}</bdi>
        </span>
      )}
    </>
  )
}

/** Whether a row is what the address is about. */
export function isAt(path: FilePath): (row: EntryRow) => boolean {
  return (row) => isSamePath(row.path, path)
}

function focusOn(element: Element | null | undefined): void {
  if (element instanceof HTMLElement && element.tabIndex >= -1 && element.classList.contains('entry'))
    element.focus()
}
