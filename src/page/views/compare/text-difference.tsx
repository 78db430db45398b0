import { useMemo } from 'preact/hooks'
import { readFileBytes } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { countText, plural } from '../../format.ts'
import { Answered } from '../../parts/states.tsx'
import { linesOf, textOfBytes } from '../files/content.ts'
import { lineDifferences, withContext } from './line-differences.ts'

/** Bytes of a file whose lines are compared, at most. */
export const TEXT_LIMIT = 256 * 1024

/** Lines around each difference. */
const CONTEXT = 3

/** What was removed from the text of a file, and added to it. */
export function TextDifference({
  path,
  from,
  a,
  b,
  platform,
}: {
  readonly path: string
  /** Its path in A. */
  readonly from: string
  readonly a: string
  readonly b: string
  readonly platform: string | undefined
}) {
  const asked = useAnswer(`lines ${a} ${b} ${platform ?? ''} ${from} ${path}`, (signal) =>
    Promise.all([linesIn(a, platform, from, signal), linesIn(b, platform, path, signal)]),
  )
  return (
    <Answered asked={asked} what="Reading both files">
      {([before, after]) =>
        before === undefined || after === undefined ? (
          <p class="dim">It is no text, so there are no lines to compare.</p>
        ) : (
          <Lines before={before} after={after} path={path} />
        )
      }
    </Answered>
  )
}

/** Undefined for what is no text. */
async function linesIn(
  ref: string,
  platform: string | undefined,
  path: string,
  signal: AbortSignal,
): Promise<string[] | undefined> {
  const query = { ref, platform, path, offset: 0, length: TEXT_LIMIT }
  const { bytes } = await readFileBytes('getImageFile', { query }, signal)
  const text = textOfBytes(bytes, true)
  return text === undefined ? undefined : linesOf(text)
}

const MARKS = { same: ' ', removed: '−', added: '+' } as const

function Lines({
  before,
  after,
  path,
}: {
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly path: string
}) {
  const found = useMemo(() => lineDifferences(before, after), [before, after])
  if (found === undefined)
    return (
      <p class="dim">
        They have too little in common: {plural(before.length, 'line')} in A, {countText(after.length)} in B.
      </p>
    )
  const removed = found.filter(({ kind }) => kind === 'removed').length
  const added = found.filter(({ kind }) => kind === 'added').length
  if (removed + added === 0) return <p class="dim">The lines are the same; how they end differs.</p>
  return (
    <>
      <p class="dim">
        {plural(removed, 'line')} removed, {countText(added)} added
      </p>
      <pre class="lines" tabIndex={0} aria-label={`Lines of ${path} that differ`}>
        {withContext(found, CONTEXT).map((line, index) =>
          line.kind === 'gap' ? (
            <span key={`${index}`} class="gap">
              … {plural(line.count, 'line')} in both{'\n'}
            </span>
          ) : (
            <span key={`${index}`} class={line.kind}>
              <span class="at">{String(line.a ?? '').padStart(5)}</span>
              <span class="at">{String(line.b ?? '').padStart(5)}</span> {MARKS[line.kind]} {line.text}
              {'\n'}
            </span>
          ),
        )}
      </pre>
    </>
  )
}
