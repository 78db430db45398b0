import { useMemo } from 'preact/hooks'
import { call } from '../../api/client.ts'
import type { Grid } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { plural } from '../../format.ts'
import { here, setQuery } from '../../location.ts'
import { Answered } from '../../parts/states.tsx'
import { useTitle } from '../../parts/use-title.ts'
import { EmptyGrid } from './empty-grid.tsx'
import { GridBar } from './grid-bar.tsx'
import { GridBoard } from './grid-board.tsx'
import { GridIcicle } from './grid-icicle.tsx'
import { GridTable } from './grid-table.tsx'
import { filtered } from './layout.ts'
import './grid.css'

/** Images side by side, as imagelayers.io showed them: what they share from the base on is one wide box. */
export function GridView() {
  const { query } = here.value
  const images = query.getAll('i')
  const platform = query.get('platform') ?? undefined
  useTitle(images.length === 0 ? 'Grid' : `Grid of ${images.join(', ')}`)
  const asked = useAnswer(images.length === 0 ? undefined : JSON.stringify([images, platform]), (signal) =>
    call('analyze', { body: { images, ...(platform !== undefined && { platform }) } }, signal),
  )
  if (images.length === 0) return <EmptyGrid />
  return (
    <Answered asked={asked} what={`Reading ${plural(images.length, 'image')}`} title="Grid">
      {(grid) => <Shown grid={grid} images={images} />}
    </Answered>
  )
}

function Shown({ grid, images }: { readonly grid: Grid; readonly images: readonly string[] }) {
  const { query } = here.value
  const filter = query.get('q') ?? ''
  const layout = useMemo(() => filtered(grid, filter), [grid, filter])
  const as = query.get('as')
  const drop = (asked: string) => setQuery({ i: images.filter((one) => one !== asked) })
  return (
    <>
      <GridBar images={images} layout={layout} all={grid.columns.length} errors={grid.errors} />
      {grid.errors.map(({ ref, message }) => (
        <p key={ref} class="notice notice-bad">
          <span>
            <strong>{ref}</strong>: {message}{' '}
            <button type="button" class="link" onClick={() => drop(ref)}>
              leave it out
            </button>
          </span>
        </p>
      ))}
      {layout.columns.length === 0 && grid.columns.length > 0 && (
        <p class="notice">
          <span>
            No name, tag or instruction has “{filter}”.{' '}
            <button type="button" class="link" onClick={() => setQuery({ q: undefined })}>
              Show all
            </button>
          </span>
        </p>
      )}
      {as === 'table' ? (
        <GridTable layout={layout} />
      ) : as === 'icicle' ? (
        <GridIcicle layout={layout} />
      ) : (
        <GridBoard layout={layout} filter={filter} drop={drop} />
      )}
    </>
  )
}
