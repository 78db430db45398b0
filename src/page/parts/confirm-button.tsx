import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Dialog } from './dialog.tsx'
import { Form } from './form.tsx'

/** A button that asks first, and says what will happen. */
export function ConfirmButton({
  label,
  of,
  calm = false,
  title,
  action = label,
  act,
  children,
}: {
  readonly label: string
  /** What it is about, for who does not see the row that it stands in. */
  readonly of?: string
  /** What it does takes nothing away. */
  readonly calm?: boolean
  readonly title: string
  /** What the button that does it says, unless the same. */
  readonly action?: string
  readonly act: () => Promise<void>
  readonly children: ComponentChildren
}) {
  const [open, setOpen] = useState(false)
  const send = async () => {
    await act()
    setOpen(false)
  }
  return (
    <>
      <button type="button" class={calm ? 'link' : 'link danger'} onClick={() => setOpen(true)}>
        {label}
        {of !== undefined && <span class="sr"> {of}</span>}
      </button>
      {open && (
        <Dialog title={title} close={() => setOpen(false)}>
          {children}
          <Form send={send} action={action} />
        </Dialog>
      )}
    </>
  )
}
