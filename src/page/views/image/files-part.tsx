import { useEffect, useRef } from 'preact/hooks'
import { call, type Problem } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { here, setQuery } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { Crumbs } from './crumbs.tsx'
import { EntryList } from './entry-list.tsx'
import { type FilePath, readFilePath } from './file-path.ts'
import type { Selection } from './selection.ts'

/** Entries of a directory that are asked for at once. */
const ENTRIES = 1000
/** Milliseconds until a layer that is being indexed is asked for again. */
const PATIENCE = 2000

/** The files of the image as the chosen step left them, directory by directory. */
export function FilesPart({
  image,
  selection,
  indexed,
}: {
  readonly image: Image
  readonly selection: Selection | undefined
  /** Layers that were waited for are there. */
  readonly indexed: () => void
}) {
  const path = readFilePath(here.value.query)
  const upto = topLayer(image, selection)
  const asked = useAnswer(
    upto === undefined ? undefined : `tree ${image.ref} ${upto} ${JSON.stringify(path)}`,
    (signal) => call('getImageTree', { query: { ref: image.ref, upto, ...path, n: ENTRIES } }, signal),
  )
  const waiting = isWaiting(image, upto, asked)
  const waited = useRef(false)
  useEffect(() => {
    if (!waiting) {
      // Sizes and counts of the steps are known now, too.
      if (waited.current) indexed()
      waited.current = false
      return undefined
    }
    waited.current = true
    const timer = setTimeout(asked.again, PATIENCE)
    return () => clearTimeout(timer)
  }, [waiting, asked.value, asked.problem])
  const open = (next: FilePath) =>
    setQuery({
      path: 'path' in next ? next.path : undefined,
      pathRaw: 'pathRaw' in next ? next.pathRaw : undefined,
    })
  return (
    <section aria-label="Files">
      <h2>{selection === undefined ? 'Files' : `Files after step ${selection.to}`}</h2>
      {upto === undefined ? (
        <p class="dim">No step up to here made a layer.</p>
      ) : (
        <>
          <Crumbs path={path} open={open} />
          {waiting && (
            <p class="notice" role="status">
              Layers are being indexed; their files appear by themselves.
            </p>
          )}
          {(asked.problem === undefined || !waiting) && (
            <Answered asked={asked} what="Reading the directory">
              {({ entries, missing, next }) => (
                <>
                  {missing.some(({ state }) => !PENDING.includes(state)) && (
                    <p class="notice" role="status">
                      {missing.length === 1 ? 'One layer is' : `${missing.length} layers are`} not among the
                      files:{' '}
                      {missing.map(({ layer, state }) => `layer ${layer + 1} ${STATES[state]}`).join(', ')}.
                    </p>
                  )}
                  <EntryList path={path} entries={entries} selection={selection} open={open} />
                  {next !== undefined && (
                    <p class="dim">The first {ENTRIES} entries by name; there are more.</p>
                  )}
                </>
              )}
            </Answered>
          )}
        </>
      )}
    </section>
  )
}

const STATES = {
  none: 'waits to be indexed',
  queued: 'waits to be indexed',
  running: 'is being indexed',
  done: 'is indexed in part',
  unsupported: 'is no archive that can be read',
  'too-large': 'is beyond the limits of the index',
  damaged: 'is damaged',
} as const

/** Whether layers are missing that will come: then an absent directory may be in one of them. */
function isWaiting(
  { steps }: Image,
  upto: number | undefined,
  asked: {
    readonly value: { readonly missing: readonly { readonly state: State }[] } | undefined
    readonly problem: Problem | undefined
  },
): boolean {
  if (asked.value !== undefined) return asked.value.missing.some(({ state }) => PENDING.includes(state))
  if (asked.problem?.code !== 'NAME_UNKNOWN') return false
  return steps.some(
    ({ layer }) => layer !== null && layer.index <= (upto ?? 0) && PENDING.includes(layer.state),
  )
}

type State = keyof typeof STATES
const PENDING: readonly State[] = ['none', 'queued', 'running']

/** The last layer that the chosen steps, or those before them, made. */
function topLayer({ steps }: Image, selection: Selection | undefined): number | undefined {
  return steps
    .slice(0, selection?.to ?? steps.length)
    .flatMap(({ layer }) => layer?.index ?? [])
    .at(-1)
}
