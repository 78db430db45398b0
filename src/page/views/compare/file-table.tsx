import { Fragment } from 'preact'
import type { ComparisonView } from '../../api/schema.generated.ts'
import { deltaText, visibleText } from '../../format.ts'
import { here, href, setQuery } from '../../location.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { Size } from '../../parts/values.tsx'
import { markOf } from './differences.ts'
import { TEXT_LIMIT, TextDifference } from './text-difference.tsx'

type Entry = ComparisonView['entries'][number]

interface Pair {
  readonly a: string
  readonly b: string
  readonly platform: string | undefined
}

/** Files with what each adds to B, or takes from it. */
export function FileTable({ entries, ...pair }: Pair & { readonly entries: readonly Entry[] }) {
  return (
    <Scroll label="Files that differ">
      <table class="pairs-table">
        <thead>
          <tr>
            <th>
              <span class="sr">How</span>
            </th>
            <th>File</th>
            <th class="number of-each">In A</th>
            <th class="number of-each">In B</th>
            <th class="number">Unpacked, B − A</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Fragment key={`${entry.class} ${entry.pathRaw ?? entry.path}`}>
              <tr class={entry.class}>
                <td class="mark">
                  <span aria-hidden="true">{markOf(entry.class)}</span>
                  <span class="sr">{entry.class}</span>
                </td>
                <td class="wrap">
                  {entry.from !== undefined && (
                    <>
                      <bdi class="mono dim">{visibleText(entry.from)}</bdi> →{' '}
                    </>
                  )}
                  <FileName entry={entry} {...pair} /> <LinesButton entry={entry} />
                </td>
                <SizeCell bytes={entry.type === 'dir' ? null : entry.sizeBefore} />
                <SizeCell bytes={entry.type === 'dir' ? null : entry.sizeAfter} />
                <td class="number">{changeOf(entry)}</td>
              </tr>
              {isOpen(entry) && (
                <tr>
                  <td colSpan={5} class="lines-cell">
                    <TextDifference path={entry.path} from={entry.from ?? entry.path} {...pair} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

/** What may be text, and is short enough to be read. */
function mayBeText({ class: how, type, pathRaw, sizeBefore, sizeAfter }: Entry): boolean {
  const size = Math.max(sizeBefore ?? 0, sizeAfter ?? 0)
  return (
    (how === 'changed' || how === 'renamed') && type === 'file' && pathRaw === undefined && size <= TEXT_LIMIT
  )
}

/** Which file's lines are shown is in the address. */
function isOpen(entry: Entry): boolean {
  return mayBeText(entry) && here.value.query.get('lines') === entry.path
}

function LinesButton({ entry }: { readonly entry: Entry }) {
  if (!mayBeText(entry)) return null
  const open = isOpen(entry)
  return (
    <button
      type="button"
      class="link"
      aria-expanded={open}
      onClick={() => setQuery({ lines: open ? undefined : entry.path }, { replace: true })}
    >
      {open ? 'Hide lines' : 'Lines'}
      <span class="sr"> of {entry.path}</span>
    </button>
  )
}

function changeOf({ type, class: how, delta }: Entry) {
  if (type === 'dir') return null
  return delta === 0 && how === 'changed' ? <span class="dim">same size</span> : deltaText(delta)
}

function SizeCell({ bytes }: { readonly bytes: number | null }) {
  return (
    <td class="number of-each">{bytes === null ? <span class="dim">–</span> : <Size bytes={bytes} />}</td>
  )
}

/** Leads to the file where it is: in B, or in A when B has lost it. What is no plain name leads nowhere. */
function FileName({ entry, a, b, platform }: Pair & { readonly entry: Entry }) {
  const name = (
    <bdi class="mono">
      {visibleText(entry.path)}
      {entry.type === 'dir' && '/'}
    </bdi>
  )
  if (entry.pathRaw !== undefined || entry.type !== 'file') return name
  const ref = entry.class === 'removed' ? a : b
  return <a href={href('file', { ref, platform, path: entry.path })}>{name}</a>
}
