import { here, setQuery } from '../../location.ts'
import { textOf } from '../../parts/form.tsx'

/** Looks for tags by a part of their name; the text is in the address. */
export function FindTags() {
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const find = textOf(new FormData(event.currentTarget), 'find').trim()
    setQuery({ find, pages: undefined })
  }
  const text = here.value.query.get('find') ?? ''
  return (
    <search>
      <form class="bar start" onSubmit={submit}>
        <input
          type="text"
          name="find"
          aria-label="Find tags"
          placeholder="Find tags by a part"
          autoComplete="off"
          autoCapitalize="none"
          spellcheck={false}
          defaultValue={text}
        />
        <button type="submit" class="button quiet">
          Find
        </button>
        {text !== '' && (
          <button type="button" class="link" onClick={() => setQuery({ find: undefined, pages: undefined })}>
            All tags
          </button>
        )}
      </form>
    </search>
  )
}
