import type { ComponentChildren } from 'preact'
import type { FoundFile } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { here, setQuery } from '../../location.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { Answered } from '../../parts/states.tsx'
import { Size } from '../../parts/values.tsx'
import { modeText } from './content.ts'
import { FILTER_NAMES, type FileFilter, foundText, questionOf } from './file-filter.ts'

interface Found {
  readonly files: readonly FoundFile[]
  readonly more: boolean
}

/** The files that were looked for, those that a later layer removed too. */
export function FoundFiles<Answer extends Found>({
  of,
  filter,
  ask,
  remark,
  children,
}: {
  /** What is looked through, as a name that is its own. */
  readonly of: string
  readonly filter: FileFilter
  readonly ask: (question: ReturnType<typeof questionOf>, signal: AbortSignal) => Promise<Answer>
  readonly remark?: (answer: Answer) => ComponentChildren
  /** A file's name and, where there are several layers, where it is from. */
  readonly children: (file: FoundFile) => {
    readonly name: ComponentChildren
    readonly from?: ComponentChildren
  }
}) {
  const bySize = here.value.query.get('files') === 'size'
  const question = questionOf(filter, bySize)
  const asked = useAnswer(`files ${of} ${JSON.stringify(question)}`, (signal) =>
    ask(question, signal).then((answer) => ({ answer, filter })),
  )
  return (
    <Answered asked={asked} what="Looking through the files">
      {({ answer, filter: looked }) => (
        <>
          <p class="dim" role="status">
            {foundText(looked, answer.files.length, answer.more)}
            {remark?.(answer)}.{' '}
            <button type="button" class="link" onClick={lookForNothing}>
              All files
            </button>
          </p>
          {answer.files.length > 0 && <Table files={answer.files} bySize={bySize} show={children} />}
        </>
      )}
    </Answered>
  )
}

function lookForNothing(): void {
  setQuery(Object.fromEntries(FILTER_NAMES.map((name) => [name, undefined])))
}

function Table({
  files,
  bySize,
  show,
}: {
  readonly files: readonly FoundFile[]
  readonly bySize: boolean
  readonly show: (file: FoundFile) => { readonly name: ComponentChildren; readonly from?: ComponentChildren }
}) {
  const rows = files.map((file) => ({ file, ...show(file) }))
  const hasFrom = rows.some(({ from }) => from !== undefined)
  return (
    <Scroll label="Files found">
      <table class="stacks">
        <thead>
          <tr>
            <th aria-sort={bySize ? undefined : 'ascending'}>
              <Sort label="File" by={undefined} isOn={!bySize} />
            </th>
            {hasFrom && <th>From</th>}
            <th>Rights</th>
            <th class="number" aria-sort={bySize ? 'descending' : undefined}>
              <Sort label="Unpacked" by="size" isOn={bySize} />
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ file, name, from }) => (
            <tr key={file.pathRaw ?? file.path}>
              <td class="wrap">{name}</td>
              {hasFrom && <td data-label="From">{from}</td>}
              <td class="mono dim" data-label="Rights">
                {modeText(file.mode)}
              </td>
              <td class="number" data-label="Unpacked">
                {file.kind === 'file' || file.kind === 'hardlink' ? <Size bytes={file.size} /> : file.kind}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

function Sort({
  label,
  by,
  isOn,
}: {
  readonly label: string
  readonly by: 'size' | undefined
  readonly isOn: boolean
}) {
  return (
    <button type="button" class="link sort" onClick={() => setQuery({ files: by }, { replace: true })}>
      {label}
      {isOn && <span aria-hidden="true">{by === 'size' ? ' ↓' : ' ↑'}</span>}
    </button>
  )
}
