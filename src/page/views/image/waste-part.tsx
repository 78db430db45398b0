import { call } from '../../api/client.ts'
import type { ImageView as Image, Waste } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { percentText } from '../../format.ts'
import { Answered } from '../../parts/states.tsx'
import { Size } from '../../parts/values.tsx'
import { missingText } from '../files/index-states.ts'
import { SHARES, WASTE } from './waste-classes.ts'
import { WasteTable } from './waste-table.tsx'

/** What the image ships and nobody sees, or sees twice. */
export function WastePart({ image }: { readonly image: Image }) {
  const asked = useAnswer(`waste ${image.ref}`, (signal) =>
    call('getWaste', { query: { ref: image.ref } }, signal),
  )
  return (
    <Answered asked={asked} what="Looking for waste">
      {(waste) => (
        <>
          {waste.missing.length > 0 && (
            <p class="notice" role="status">
              Not counted: {waste.missing.map((one) => missingText(image, one)).join(', ')}.
            </p>
          )}
          <p>
            <Size bytes={waste.shipped} /> of files are shipped (unpacked), <Size bytes={waste.visible} /> are
            seen. {percentText(waste.score)} of what is shipped is seen, each content once
            {waste.score !== waste.diveScore && (
              <span class="dim"> ({percentText(waste.diveScore)} as dive counts, by path)</span>
            )}
            .
          </p>
          <Shares waste={waste} />
          {waste.partial && (
            <p class="dim">There are more contents than are compared: some duplicates are missing.</p>
          )}
          {waste.top.length === 0 ? (
            <p class="dim">Nothing is wasted.</p>
          ) : (
            <WasteTable image={image} top={waste.top} />
          )}
        </>
      )}
    </Answered>
  )
}

/** Shipped bytes by what becomes of them; the table below says the same. */
function Shares({ waste }: { readonly waste: Waste }) {
  const { classes, visible, shipped } = waste
  const seen = Math.max(0, visible - classes.duplicate)
  return (
    <>
      <div class="waste-bar" aria-hidden="true">
        <span class="seen" style={{ width: `${(seen / Math.max(1, shipped)) * 100}%` }} />
        {SHARES.map((name) => (
          <span
            key={name}
            class={`waste-${name}`}
            style={{ width: `${(classes[name] / Math.max(1, shipped)) * 100}%` }}
          />
        ))}
      </div>
      <ul class="legend">
        <li>
          <span class="key seen" /> seen <Size bytes={seen} />
        </li>
        {SHARES.filter((name) => classes[name] > 0).map((name) => (
          <li key={name} title={WASTE[name]}>
            <span class={`key waste-${name}`} /> {WASTE[name]} <Size bytes={classes[name]} />
          </li>
        ))}
        {classes.cache > 0 && (
          <li>
            and, among what is seen, {WASTE.cache} <Size bytes={classes.cache} />
          </li>
        )}
      </ul>
    </>
  )
}
