import { go, here, href } from '../location.ts'
import { Icon } from './icon.tsx'

/** Search in everything that the visitor may see; the results are on the home page. */
export function SearchBox() {
  const { view, query } = here.value
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const text = new FormData(event.currentTarget).get('q')
    go(href('', { q: typeof text === 'string' ? text.trim() : '' }))
  }
  return (
    <search class="search">
      <form onSubmit={submit}>
        <Icon name="search" />
        <input
          type="search"
          name="q"
          aria-label="Search repositories"
          placeholder="Search repositories"
          title="Search ( / )"
          autoComplete="off"
          spellcheck={false}
          defaultValue={view === '' ? (query.get('q') ?? '') : ''}
        />
        <kbd aria-hidden="true">/</kbd>
      </form>
    </search>
  )
}
