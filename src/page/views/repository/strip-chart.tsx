import { sizeText } from '../../format.ts'
import { href } from '../../location.ts'
import { lit } from './lit.ts'
import type { Push } from './pushes.ts'

/** Columns that fit; older pushes are in the table alone. */
const SHOWN = 60
const HEIGHT = 96
const PITCH = 18

const WAYS: Readonly<Record<string, (from: Element) => Element | null | undefined>> = {
  ArrowRight: (from) => from.nextElementSibling,
  ArrowLeft: (from) => from.previousElementSibling,
  Home: (from) => from.parentElement?.firstElementChild,
  End: (from) => from.parentElement?.lastElementChild,
}

/** One column for each push, from old to new: reused bytes below, new bytes on top. The table below says the same. */
export function StripChart({
  repository,
  pushes,
}: {
  readonly repository: string
  readonly pushes: readonly Push[]
}) {
  const shown = pushes.filter(({ fresh }) => fresh !== undefined).slice(-SHOWN)
  if (shown.length < 2) return null
  const largest = Math.max(1, ...shown.map(({ fresh = 0, reused = 0 }) => fresh + reused))
  const scale = (bytes: number) => (bytes / largest) * HEIGHT
  const move = (event: KeyboardEvent) => {
    const link = event.currentTarget instanceof Element ? event.currentTarget : undefined
    const next = link === undefined ? undefined : WAYS[event.key]?.(link)
    if (next instanceof SVGAElement) {
      event.preventDefault()
      next.focus()
    }
  }
  return (
    <figure class="strip">
      <div class="strip-frame" ref={showNewest}>
        <svg
          width={shown.length * PITCH}
          height={HEIGHT + 2}
          role="group"
          aria-label="Bytes of each push, compressed: reused below, new on top"
        >
          {shown.map(({ tag, fresh = 0, reused = 0 }, index) => {
            const label = `${tag.tag}: ${sizeText(fresh)} new, ${sizeText(reused)} reused`
            return (
              <a
                key={tag.tag}
                href={href('image', { ref: `${repository}:${tag.tag}` })}
                class={lit.value === tag.tag ? 'lit' : ''}
                aria-label={label}
                tabIndex={index === shown.length - 1 ? 0 : -1}
                onMouseEnter={() => (lit.value = tag.tag)}
                onMouseLeave={() => (lit.value = undefined)}
                onFocus={() => (lit.value = tag.tag)}
                onBlur={() => (lit.value = undefined)}
                onKeyDown={move}
              >
                <title>{label}</title>
                <rect class="hit" x={index * PITCH} y={0} width={PITCH} height={HEIGHT + 2} />
                <rect
                  class="reused"
                  x={index * PITCH + 2}
                  y={HEIGHT - scale(reused)}
                  width={PITCH - 4}
                  height={scale(reused)}
                />
                <rect
                  class="new"
                  x={index * PITCH + 2}
                  y={HEIGHT - scale(reused) - Math.max(1, scale(fresh))}
                  width={PITCH - 4}
                  height={Math.max(1, scale(fresh))}
                />
              </a>
            )
          })}
        </svg>
      </div>
      <figcaption class="dim">
        <span class="key new" /> new bytes <span class="key reused" /> reused from the push before; at most{' '}
        {sizeText(largest)}, compressed
      </figcaption>
    </figure>
  )
}

/** Where not all columns fit. */
function showNewest(frame: HTMLElement | null): void {
  if (frame !== null) frame.scrollLeft = frame.scrollWidth
}
