import { useState } from 'preact/hooks'
import type { Grid } from '../../api/schema.generated.ts'
import { go, here, href } from '../../location.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Icon } from '../../parts/icon.tsx'
import { ImageField } from '../../parts/image-field.tsx'

/** Chooses the images of the grid: rows of names, completed while one types, marked when they are not there. */
export function ManageDialog({
  images,
  errors,
  close,
}: {
  readonly images: readonly string[]
  readonly errors: Grid['errors']
  readonly close: () => void
}) {
  const [rows, setRows] = useState(() => [...images, ''].map((text, id) => ({ id, text })))
  const change = (id: number, text: string) =>
    setRows((before) => {
      const after = before.map((row) => (row.id === id ? { id, text } : row))
      return after.at(-1)?.text === '' ? after : [...after, { id: nextId(after), text: '' }]
    })
  const save = (event: SubmitEvent) => {
    event.preventDefault()
    const chosen = [...new Set(rows.map(({ text }) => text.trim()).filter((text) => text !== ''))]
    const { query } = here.peek()
    go(href('grid', { i: chosen, lock: query.get('lock') ?? '', as: query.get('as') ?? '' }))
    close()
  }
  return (
    <Dialog title="Images of the grid" close={close}>
      <form class="form" onSubmit={save}>
        {rows.map(({ id, text }, index) => {
          const error = errors.find(({ ref }) => ref === text)
          return (
            <div class="image-row" key={id}>
              <ImageField
                label={`Image ${index + 1}`}
                value={text}
                focus={index === rows.length - 1}
                change={(value) => change(id, value)}
              />
              <button
                type="button"
                class="icon-button"
                aria-label={`Remove image ${index + 1}`}
                onClick={() =>
                  setRows((before) => (before.length > 1 ? before.filter((row) => row.id !== id) : before))
                }
              >
                <Icon name="close" />
              </button>
              {error !== undefined && <small class="bad">✗ {error.message}</small>}
            </div>
          )
        })}
        <div class="bar">
          <button type="submit" class="button">
            Show them
          </button>
          <button type="button" class="link" onClick={() => setRows([{ id: nextId(rows), text: '' }])}>
            Remove all
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function nextId(rows: readonly { readonly id: number }[]): number {
  return Math.max(...rows.map(({ id }) => id)) + 1
}
