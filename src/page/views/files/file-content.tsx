import { useEffect, useMemo } from 'preact/hooks'
import { useAnswer } from '../../api/use-answer.ts'
import { countText } from '../../format.ts'
import { here, setQuery } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { formattedJson, hexLines, linesOf, textOfBytes } from './content.ts'
import { DownloadButton } from './download-button.tsx'
import { type FileSource, nameOf, readPart } from './file-source.ts'
import { PATIENCE } from './index-states.ts'

/** Bytes that are shown at once. */
const PART = 256 * 1024
/** Bytes up to which a file is saved from here: until it is whole the browser holds it in memory. */
const SAVED = 2e9

type Form = 'text' | 'json' | 'hex'

/** What is in a file: as text when it is text, else as bytes, part by part. */
export function FileContent({ source }: { readonly source: FileSource }) {
  const wanted = Number(here.value.query.get('offset') ?? '0')
  const offset = Number.isSafeInteger(wanted) && wanted > 0 ? wanted : 0
  const asked = useAnswer(`file ${JSON.stringify(source)} ${offset}`, (signal) =>
    readPart(source, { offset, length: PART }, signal),
  )
  const waiting = asked.problem?.status === 503
  useEffect(() => {
    if (!waiting) return undefined
    const timer = setTimeout(asked.again, PATIENCE)
    return () => clearTimeout(timer)
  }, [waiting, asked.problem])
  if (waiting)
    return (
      <p class="notice" role="status">
        The layer is being indexed; the file appears by itself.
      </p>
    )
  return (
    <Answered asked={asked} what="Reading the file">
      {({ bytes, size }) => <Shown source={source} bytes={bytes} size={size} offset={offset} />}
    </Answered>
  )
}

function Shown({
  source,
  bytes,
  size,
  offset,
}: {
  readonly source: FileSource
  readonly bytes: Uint8Array
  readonly size: number
  readonly offset: number
}) {
  const isWhole = bytes.length === size
  const text = useMemo(() => textOfBytes(bytes, isWhole), [bytes])
  const json = useMemo(() => (isWhole && text !== undefined ? formattedJson(text) : undefined), [text])
  // What an artifact says is written by machines, for machines: in lines people can read it.
  const first = json !== undefined && 'bytesOf' in source ? 'json' : 'text'
  const wanted = here.value.query.get('as') ?? first
  const asHex = text === undefined || wanted === 'hex'
  const asJson = json !== undefined && wanted === 'json'
  const show = (form: Form) => setQuery({ as: form === first ? undefined : form })
  return (
    <>
      <div class="file-bar">
        {text === undefined ? (
          <span class="dim">no text: its bytes</span>
        ) : (
          <span class="choice" role="group" aria-label="Shown as">
            {json !== undefined && (
              <button type="button" aria-pressed={asJson} onClick={() => show('json')}>
                In lines
              </button>
            )}
            <button type="button" aria-pressed={!asHex && !asJson} onClick={() => show('text')}>
              Text
            </button>
            <button type="button" aria-pressed={asHex} onClick={() => show('hex')}>
              Bytes
            </button>
          </span>
        )}
        {!asHex && <WrapButton />}
        {!isWhole && <Parts size={size} offset={offset} length={bytes.length} />}
        {size <= SAVED && <DownloadButton source={source} size={size} name={nameOf(source)} />}
      </div>
      {size === 0 ? (
        <p class="dim">The file is empty.</p>
      ) : asHex ? (
        <Hex bytes={bytes} offset={offset} />
      ) : (
        <Text text={asJson ? json : text} numbered={offset === 0} />
      )}
    </>
  )
}

/** Long lines in whole; the numbers of lines are left out then, since they would stand beside other lines. */
function WrapButton() {
  const wraps = here.value.query.has('wrap')
  return (
    <button
      type="button"
      class="link"
      aria-pressed={wraps}
      onClick={() => setQuery({ wrap: !wraps }, { replace: true })}
    >
      {wraps ? 'Lines as they are' : 'Wrap long lines'}
    </button>
  )
}

/** The way through a file that is too large to be shown at once. */
function Parts({
  size,
  offset,
  length,
}: {
  readonly size: number
  readonly offset: number
  readonly length: number
}) {
  const to = (next: number) => setQuery({ offset: next <= 0 ? undefined : next })
  return (
    <span class="bar start">
      <span class="dim number">
        bytes {countText(offset)} to {countText(offset + length)} of {countText(size)}
      </span>
      <button type="button" class="link" disabled={offset === 0} onClick={() => to(offset - PART)}>
        ‹ before
      </button>
      <button type="button" class="link" disabled={offset + length >= size} onClick={() => to(offset + PART)}>
        after ›
      </button>
    </span>
  )
}

function Text({ text, numbered }: { readonly text: string; readonly numbered: boolean }) {
  const lines = useMemo(() => linesOf(text), [text])
  const wraps = here.value.query.has('wrap')
  return (
    <div class={wraps ? 'content wraps' : 'content'} tabIndex={0} role="region" aria-label="Text of the file">
      {numbered && !wraps && (
        <pre class="numbers" aria-hidden="true">
          {lines.map((_, index) => index + 1).join('\n')}
        </pre>
      )}
      <pre>{lines.join('\n')}</pre>
    </div>
  )
}

function Hex({ bytes, offset }: { readonly bytes: Uint8Array; readonly offset: number }) {
  const lines = useMemo(() => hexLines(bytes, offset).join('\n'), [bytes, offset])
  return (
    <div class="content" tabIndex={0} role="region" aria-label="Bytes of the file">
      <pre>{lines}</pre>
    </div>
  )
}
