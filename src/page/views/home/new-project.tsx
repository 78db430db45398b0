import { useState } from 'preact/hooks'
import { call } from '../../api/client.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Form, textOf } from '../../parts/form.tsx'

/** Makes a project by asking; a first push does the same. */
export function NewProject({ again }: { readonly again: () => void }) {
  const [open, setOpen] = useState(false)
  const create = async (values: FormData) => {
    await call('createProject', { body: { name: textOf(values, 'name'), public: values.has('public') } })
    setOpen(false)
    again()
  }
  return (
    <>
      <button type="button" class="button quiet" onClick={() => setOpen(true)}>
        New project
      </button>
      {open && (
        <Dialog title="New project" close={() => setOpen(false)}>
          <Form send={create} action="Make the project">
            <label>
              Name
              <input
                name="name"
                required
                pattern="[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
                autoCapitalize="none"
                spellcheck={false}
              />
              <small>Lower-case letters and digits, joined by one dot, underscore or dashes.</small>
            </label>
            <label class="check">
              <input type="checkbox" name="public" /> Public: anyone may pull, without an account
            </label>
          </Form>
        </Dialog>
      )}
    </>
  )
}
