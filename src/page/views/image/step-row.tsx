import type { ImageView as Image } from '../../api/schema.generated.ts'
import { plural, sizeText, visibleText } from '../../format.ts'
import { ClassGlyph } from '../../parts/class-glyph.tsx'
import { Icon } from '../../parts/icon.tsx'

type Step = Image['steps'][number]

/** One step of the list, by its number. */
export function StepRow({
  step: { instruction, class: kind, layer },
  number,
  of,
  largest,
  chosen,
  focusable,
}: {
  readonly step: Step
  readonly number: number
  readonly of: number
  /** Bytes of the largest layer, which has the longest bar. */
  readonly largest: number
  readonly chosen: boolean
  readonly focusable: boolean
}) {
  const users = layer?.users?.count ?? 0
  const text = visibleText(instruction)
  return (
    <div
      role="option"
      class={`step class-${kind}`}
      aria-selected={chosen}
      aria-posinset={number}
      aria-setsize={of}
      tabIndex={focusable ? 0 : -1}
      data-step={number}
    >
      <span class="number dim">
        <span class="sr">Step </span>
        {number}{' '}
      </span>
      <ClassGlyph kind={kind} />
      <code title={text}>{text} </code>
      <span class="step-bar" aria-hidden="true">
        <span
          class={users > 1 ? 'solid' : 'light'}
          style={{ width: layer === null ? '0' : `max(2px, ${(layer.size / largest) * 100}%)` }}
        />
      </span>
      <span class="number">
        {layer === null ? <span class="dim">0 B</span> : sizeText(layer.size)}
        <span class="sr"> compressed</span>
      </span>
      <span class="shared" title={users > 1 ? `In ${plural(users, 'image')} that you may see` : ''}>
        {users > 1 && (
          <>
            <Icon name="shared" /> <span class="sr">, layer of </span>
            {users}
            <span class="sr"> images</span>
          </>
        )}
      </span>
    </div>
  )
}
