import type { ComponentChildren } from 'preact'
import { here, setQuery } from '../location.ts'

/** Open until someone says otherwise. */
const AT_FIRST = 'config'

/** A part of a view that is asked for when it is opened. Which ones are open is in the address. */
export function Fold({
  name,
  title,
  note,
  children,
}: {
  readonly name: string
  readonly title: string
  /** What can be said of it while it is closed. */
  readonly note?: ComponentChildren
  readonly children: () => ComponentChildren
}) {
  const all = openFolds()
  const open = all.includes(name)
  const toggle = (now: boolean) => {
    if (now === open) return
    const next = now ? [...all, name] : all.filter((one) => one !== name)
    setQuery({ open: next.length === 0 ? 'none' : next.join(',') }, { replace: true })
  }
  return (
    <details class="card fold" open={open} onToggle={(event) => toggle(event.currentTarget.open)}>
      <summary>
        <span>{title}</span> <span class="dim">{note}</span>
      </summary>
      {open && <div class="fold-body">{children()}</div>}
    </details>
  )
}

function openFolds(): string[] {
  return (here.value.query.get('open') ?? AT_FIRST).split(',').filter((name) => name !== 'none')
}
