import { here, setQuery } from '../../location.ts'
import { FindForm } from '../../parts/find-form.tsx'
import { textOf } from '../../parts/form.tsx'

/** Looks for tags by a part of their name; the text is in the address. */
export function FindTags() {
  const text = here.value.query.get('find') ?? ''
  return (
    <FindForm
      name="find"
      label="Find tags"
      placeholder="Find tags by a part"
      text={text}
      look={{ form: 'bar start' }}
      find={(values) => setQuery({ find: textOf(values, 'find').trim(), pages: undefined })}
    >
      <button type="submit" class="button quiet">
        Find
      </button>
      {text !== '' && (
        <button type="button" class="link" onClick={() => setQuery({ find: undefined, pages: undefined })}>
          All tags
        </button>
      )}
    </FindForm>
  )
}
