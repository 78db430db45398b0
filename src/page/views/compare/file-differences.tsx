import { useEffect } from 'preact/hooks'
import { call } from '../../api/client.ts'
import type { ComparisonView, Difference } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { countText, deltaText } from '../../format.ts'
import { here, href, setQuery } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { isPending, PATIENCE, stateText } from '../files/index-states.ts'
import { pagesOf, readPages } from '../files/pages.ts'
import { DIFFERENCES, differenceOf } from './differences.ts'
import { FileTable } from './file-table.tsx'

/** The files that differ, those that weigh most first. */
export function FileDifferences({
  a,
  b,
  platform,
}: {
  readonly a: string
  readonly b: string
  readonly platform: string | undefined
}) {
  const { query } = here.value
  const only = differenceOf(query.get('files'))
  const pages = pagesOf(query)
  const key = `files ${a} ${b} ${platform ?? ''} ${only ?? ''} ${pages}`
  const asked = useAnswer(key, (signal) =>
    readPages(pages, (page) =>
      call('compareImages', { query: { a, b, platform, class: only, sort: 'size', ...page } }, signal),
    ),
  )
  const waiting =
    asked.value !== undefined && missingOf(asked.value.first).some(({ state }) => isPending(state))
  useEffect(() => {
    if (!waiting) return undefined
    const timer = setTimeout(asked.again, PATIENCE)
    return () => clearTimeout(timer)
  }, [waiting, asked.value])
  return (
    <section>
      <h2>Files</h2>
      <Answered asked={asked} what="Comparing the files">
        {({ first, entries, next }) => (
          <>
            <Missing view={first} />
            <Classes files={first.files} only={only} />
            {entries.length > 0 && <FileTable entries={entries} a={a} b={b} platform={platform} />}
            {next !== undefined && (
              <p>
                <button type="button" onClick={() => setQuery({ pages: String(pages + 1) })}>
                  Show more
                </button>
              </p>
            )}
            {first.truncated && <p class="dim">More files differ than are compared: some are left out.</p>}
          </>
        )}
      </Answered>
    </section>
  )
}

function missingOf({ a, b }: ComparisonView) {
  return [
    ...a.missing.map((one) => ({ ...one, image: 'A' })),
    ...b.missing.map((one) => ({ ...one, image: 'B' })),
  ]
}

function Missing({ view }: { readonly view: ComparisonView }) {
  const missing = missingOf(view)
  if (missing.length === 0) return null
  return (
    <p class="notice" role="status">
      Not compared:{' '}
      {missing
        .map(({ image, layer, state }) => `layer ${layer + 1} of ${image} ${stateText(state)}`)
        .join(', ')}
      .
    </p>
  )
}

/** How many files differ in each way; a way is a link that shows it alone. */
function Classes({
  files,
  only,
}: {
  readonly files: ComparisonView['files']
  readonly only: Difference | undefined
}) {
  const found = DIFFERENCES.filter(({ name }) => files[name].n > 0)
  if (found.length === 0) return <p class="dim">Their files are the same.</p>
  return (
    <ul class="legend">
      {found.map(({ name, mark, words }) => (
        <li key={name}>
          <a
            href={hrefOfClass(only === name ? undefined : name)}
            aria-current={only === name ? 'true' : undefined}
            title={only === name ? 'Show all again' : 'Show these alone'}
          >
            <span class={`mark ${name}`} aria-hidden="true">
              {mark}
            </span>{' '}
            {countText(files[name].n)} {words}
          </a>{' '}
          {files[name].bytes !== 0 && deltaText(files[name].bytes)}
        </li>
      ))}
      {only !== undefined && (
        <li>
          <a href={hrefOfClass(undefined)}>Show all</a>
        </li>
      )}
    </ul>
  )
}

function hrefOfClass(name: Difference | undefined): string {
  const { view, query } = here.value
  const kept = Object.fromEntries([...query].filter(([key]) => key !== 'pages' && key !== 'files'))
  return href(view, { ...kept, files: name })
}
