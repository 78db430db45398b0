import { useState } from 'preact/hooks'
import { addressOf } from '../api/client.ts'
import { href } from '../location.ts'
import { BadgeCodeList } from './badge-code-list.tsx'
import { Dialog } from './dialog.tsx'
import { Icon } from './icon.tsx'

const METRICS = [
  ['size', 'size and layers'],
  ['bytes', 'size'],
  ['layers', 'layers'],
] as const

type Metric = (typeof METRICS)[number][0]

/** A badge for a README: how it looks, and what to write. */
export function BadgeButton({
  image,
  small = false,
}: {
  readonly image: string
  /** As an icon, where there is little room. */
  readonly small?: boolean
}) {
  const [open, setOpen] = useState(false)
  const show = () => setOpen(true)
  return (
    <>
      {small ? (
        <button
          type="button"
          class="icon-button"
          title="Badge for a README"
          aria-label={`Badge of ${image}`}
          onClick={show}
        >
          <Icon name="badge" />
        </button>
      ) : (
        <button type="button" class="link" onClick={show}>
          Badge
        </button>
      )}
      {open && (
        <Dialog title={`Badge of ${image}`} close={() => setOpen(false)}>
          <Badge image={image} />
        </Dialog>
      )}
    </>
  )
}

function Badge({ image }: { readonly image: string }) {
  const [metric, setMetric] = useState<Metric>('size')
  const [label, setLabel] = useState('')
  const address = addressOf('getBadgeSvg', {
    query: { ref: image, metric: metric === 'size' ? undefined : metric, label: label || undefined },
  })
  return (
    <>
      <p>
        <img src={address} alt={`The badge of ${image}`} height={20} />
      </p>
      <div class="pair-form">
        <label>
          <span>It shows</span>
          <select
            value={metric}
            onChange={({ currentTarget: { value } }) =>
              setMetric(METRICS.find(([one]) => one === value)?.[0] ?? 'size')
            }
          >
            {METRICS.map(([one, what]) => (
              <option key={one} value={one}>
                {what}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Label</span>
          <input
            type="text"
            maxLength={60}
            placeholder="image size"
            value={label}
            onInput={(event) => setLabel(event.currentTarget.value)}
          />
        </label>
      </div>
      <BadgeCodeList picture={address} page={href('image', { ref: image })} text={label || image} />
      <p class="dim">
        Whoever may not pull the image sees <em>unknown</em> on it: in a README that is read without an
        account it works for public projects, and with a key that admins make under{' '}
        <a href={href('project', { name: image.split('/', 1)[0] ?? '', part: 'badges' })}>Badges</a> of the
        project.
      </p>
    </>
  )
}
