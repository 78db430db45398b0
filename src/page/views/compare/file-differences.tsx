import { useEffect } from 'preact/hooks'
import { call } from '../../api/client.ts'
import type { ComparisonView, Difference } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { countText, deltaText } from '../../format.ts'
import { here, href, setQuery } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { isComing, missingText, PATIENCE } from '../files/index-states.ts'
import { pagesOf, readPages } from '../files/pages.ts'
import { type ImagePair, nameOf } from './compare.ts'
import { DIFFERENCES, differenceOf } from './differences.ts'
import { FileTable } from './file-table.tsx'

/** The files that differ, those that weigh most first. */
export function FileDifferences({
  images,
  platform,
}: {
  readonly images: ImagePair
  readonly platform: string | undefined
}) {
  const [a, b] = [nameOf(images.a), nameOf(images.b)]
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
    asked.value !== undefined && missingOf(images, asked.value.first).some(({ isToCome }) => isToCome)
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
            <Missing images={images} view={first} />
            <Classes files={first.files} only={only} />
            {entries.length > 0 && <FileTable entries={entries} a={a} b={b} platform={platform} />}
            {next !== undefined && (
              <p>
                <button
                  type="button"
                  class="button quiet"
                  onClick={() => setQuery({ pages: String(pages + 1) })}
                >
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

/** Layers that are not compared, of both images: whether they will be, and why not. */
function missingOf(images: ImagePair, view: ComparisonView) {
  return (['a', 'b'] as const).flatMap((side) =>
    view[side].missing.map((one) => ({
      isToCome: isComing(images[side], one),
      text: missingText(images[side], one, ` of ${side.toUpperCase()}`),
    })),
  )
}

function Missing({ images, view }: { readonly images: ImagePair; readonly view: ComparisonView }) {
  const missing = missingOf(images, view)
  if (missing.length === 0) return null
  return (
    <p class="notice" role="status">
      Not compared: {missing.map(({ text }) => text).join(', ')}.
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
