import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Dialog } from './dialog.tsx'
import { Form } from './form.tsx'

/** A button for what cannot be taken back: it asks first, and says what will happen. */
export function ConfirmButton({
  label,
  title,
  action,
  act,
  children,
}: {
  readonly label: string
  readonly title: string
  readonly action: string
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
      <button type="button" class="link danger" onClick={() => setOpen(true)}>
        {label}
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
