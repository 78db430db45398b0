import { useState } from 'preact/hooks'
import { addressOf } from '../api/client.ts'
import { href } from '../location.ts'
import { badgeCodes } from './badge-codes.ts'
import { Dialog } from './dialog.tsx'
import { Icon } from './icon.tsx'
import { Commands } from './states.tsx'

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
  const codes = badgeCodes({
    picture: new URL(address, location.href).href,
    page: new URL(href('image', { ref: image }), location.href).href,
    text: label || image,
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
      {codes.map(([language, code]) => (
        <section key={language} class="badge-code">
          <h3>{language}</h3>
          <Commands lines={[code]} />
        </section>
      ))}
      <p class="dim">
        Whoever may not pull the image sees <em>unknown</em> on it: in a README that is read without an
        account it works for public projects.
      </p>
    </>
  )
}
