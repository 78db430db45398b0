import { useEffect, useRef } from 'preact/hooks'
import { go, here, href } from '../location.ts'
import { registryHost } from '../registry-host.ts'
import { Icon } from './icon.tsx'

/** What people paste: a command, or a reference with this registry's host. */
function meantBy(text: string): string {
  const reference = text
    .trim()
    .replace(/^(?:docker|podman|crictl|crane|oras) (?:pull|push) (?:--platform \S+ )?/, '')
    .replace(/^helm pull oci:\/\/(\S+)(?: --version (\S+))?$/, chartTag)
  const host = [registryHost(location), location.host].find((one) => reference.startsWith(`${one}/`))
  return host === undefined ? reference : reference.slice(host.length + 1)
}

function chartTag(_: string, name: string, version: string | undefined): string {
  return version === undefined ? name : `${name}:${version.replaceAll('+', '_')}`
}

/** Search in everything that the visitor may see; the results are on the home page. */
export function SearchBox() {
  const { view, query } = here.value
  const input = useRef<HTMLInputElement>(null)
  const asked = view === '' ? (query.get('q') ?? '') : ''
  useEffect(() => {
    // What was typed stands until one comes to another place, back and forward too.
    if (input.current !== null) input.current.value = asked
  }, [asked])
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    const text = new FormData(event.currentTarget).get('q')
    go(href('', { q: typeof text === 'string' ? meantBy(text) : '' }))
  }
  return (
    <search class="search">
      <form onSubmit={submit}>
        <Icon name="search" />
        <input
          ref={input}
          type="search"
          name="q"
          aria-label="Search repositories, tags, digests"
          placeholder="Name, tag or digest"
          title="Search ( / )"
          autoComplete="off"
          spellcheck={false}
          defaultValue={asked}
        />
        <kbd aria-hidden="true">/</kbd>
      </form>
    </search>
  )
}
