import { useState } from 'preact/hooks'
import type { Grid } from '../../api/schema.generated.ts'
import { countText, plural } from '../../format.ts'
import { here, setQuery } from '../../location.ts'
import { ClassLegend } from '../../parts/class-glyph.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Size } from '../../parts/values.tsx'
import { type Layout, totalsOf } from './layout.ts'
import { ManageDialog } from './manage-dialog.tsx'

const FORMS = [
  ['', 'Grid'],
  ['icicle', 'To scale'],
  ['table', 'Table'],
] as const

/** What stands above the grid: totals of what is visible, filter, form, and what one can do with it. */
export function GridBar({
  images,
  layout,
  all,
  errors,
}: {
  readonly images: readonly string[]
  readonly layout: Layout
  readonly all: number
  readonly errors: Grid['errors']
}) {
  const [managing, setManaging] = useState(false)
  const { query } = here.value
  const shown = layout.columns.length
  return (
    <>
      <div class="heading">
        <h1>Grid</h1>
        <span class="dim">
          {shown === all ? plural(all, 'image') : `${shown} of ${plural(all, 'image')}`}
        </span>
        <div class="bar">
          <input
            type="text"
            class="filter"
            aria-label="Filter by image or instruction"
            placeholder="Filter images and steps"
            value={query.get('q') ?? ''}
            onInput={(event) => setQuery({ q: event.currentTarget.value }, { replace: true })}
          />
          <div class="choice" role="group" aria-label="Form">
            {FORMS.map(([form, label]) => (
              <button
                key={form}
                type="button"
                aria-pressed={(query.get('as') ?? '') === form}
                onClick={() => setQuery({ as: form })}
              >
                {label}
              </button>
            ))}
          </div>
          <button type="button" class="button quiet" onClick={() => setManaging(true)}>
            Images …
          </button>
          <span class="pill">
            Link <CopyButton text={location.href} what="link to what you see" />
          </span>
        </div>
      </div>
      <div class="heading">
        <TotalsStrip layout={layout} />
        <div class="bar">
          <ClassLegend />
        </div>
      </div>
      {managing && <ManageDialog images={images} errors={errors} close={() => setManaging(false)} />}
    </>
  )
}

function TotalsStrip({ layout }: { readonly layout: Layout }) {
  const totals = totalsOf(layout)
  const facts = [
    ['stored once', totals.uniqueBytes],
    ['all images', totals.sumBytes],
    ['saved by sharing', totals.sumBytes - totals.uniqueBytes],
    ['average layer', Math.round(totals.averageBytes)],
    ['largest layer', totals.largestBytes],
  ] as const
  return (
    <dl class="facts" aria-label="Totals, compressed">
      {facts.map(([name, bytes]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Size bytes={bytes} />
          </dd>
        </div>
      ))}
      <div>
        <dt>unique layers</dt>
        <dd class="number">{countText(totals.uniqueLayers)}</dd>
      </div>
    </dl>
  )
}
