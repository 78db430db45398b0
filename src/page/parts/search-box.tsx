import { go, here, href } from '../location.ts'
import { registryHost } from '../registry-host.ts'
import { FindForm } from './find-form.tsx'
import { textOf } from './form.tsx'
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
  return (
    <FindForm
      name="q"
      label="Search repositories, tags, digests"
      placeholder="Name, tag or digest"
      text={view === '' ? (query.get('q') ?? '') : ''}
      look={{ type: 'search', title: 'Search ( / )', box: 'search' }}
      before={<Icon name="search" />}
      find={(values) => go(href('', { q: meantBy(textOf(values, 'q')) }))}
    >
      <kbd aria-hidden="true">/</kbd>
    </FindForm>
  )
}
