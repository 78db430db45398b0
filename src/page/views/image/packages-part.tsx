import { call } from '../../api/client.ts'
import type { ImageView as Image, Packages } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { plural, visibleText } from '../../format.ts'
import { here, setQuery } from '../../location.ts'
import { FindForm } from '../../parts/find-form.tsx'
import { FirstRows } from '../../parts/first-rows.tsx'
import { textOf } from '../../parts/form.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Answered } from '../../parts/states.tsx'
import { packageGaps } from '../files/package-gaps.ts'
import { StepLink } from './file-link.tsx'

/** Packages that are shown before someone asks for more. */
const SHOWN = 100

/** The packages of an image, each with the step that brought it. */
export function PackagesPart({ image }: { readonly image: Image }) {
  const asked = useAnswer(`packages ${image.ref}`, (signal) =>
    call('getPackages', { query: { ref: image.ref } }, signal),
  )
  return (
    <Answered asked={asked} what="Reading the lists of packages">
      {(found) => (
        <>
          <Gaps image={image} found={found} />
          {found.packages.length === 0 ? (
            <p class="dim">
              No list of dpkg, apk or rpm, no module of npm and none of Python. What programs were built of is
              not known.
            </p>
          ) : (
            <Found image={image} found={found} />
          )}
        </>
      )}
    </Answered>
  )
}

function Found({ image, found: { packages, more } }: { readonly image: Image; readonly found: Packages }) {
  const text = here.value.query.get('package') ?? ''
  const wanted = packages.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()))
  return (
    <>
      <FindForm
        name="package"
        label="Find packages"
        placeholder="Find packages by a part"
        text={text}
        look={{ form: 'bar start' }}
        find={(values) => setQuery({ package: textOf(values, 'package').trim() }, { replace: true })}
      >
        <button type="submit" class="button quiet">
          Find
        </button>
      </FindForm>
      <p class="dim" role="status">
        {countsOf(wanted)}
        {more && ', and more'}
        {text !== '' && ` with “${text}” in the name`}.
      </p>
      {wanted.length > 0 && (
        <FirstRows key={text} rows={wanted} what="packages" first={SHOWN}>
          {(shown) => <Rows image={image} packages={shown} />}
        </FirstRows>
      )}
    </>
  )
}

function Rows({ image, packages }: { readonly image: Image; readonly packages: Packages['packages'] }) {
  return (
    <Scroll label="Packages">
      <table class="stacks">
        <thead>
          <tr>
            <th>Package</th>
            <th>Version</th>
            <th>Kind</th>
            <th>From</th>
          </tr>
        </thead>
        <tbody>
          {packages.map(({ type, name, version, arch, layer, path }) => (
            <tr key={`${type} ${name} ${version} ${arch} ${path}`}>
              <td class="wrap">
                <bdi class="mono" title={path}>
                  {visibleText(name)}
                </bdi>
              </td>
              <td class="wrap" data-label="Version">
                <bdi>{visibleText(version)}</bdi>
              </td>
              <td class="dim" data-label="Kind">
                {type}
                {arch !== undefined && ` · ${visibleText(arch)}`}
              </td>
              <td data-label="From">
                <StepLink image={image} layer={layer} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

/** `412 packages: 380 deb, 32 npm`. */
function countsOf(packages: Packages['packages']): string {
  if (packages.length === 0) return 'No package'
  const byType = [...Map.groupBy(packages, ({ type }) => type)].map(([type, of]) => `${of.length} ${type}`)
  return `${plural(packages.length, 'package')}: ${byType.join(', ')}`
}

function Gaps({ image, found }: { readonly image: Image; readonly found: Packages }) {
  const said = packageGaps(image, found)
  if (said.length === 0) return null
  return (
    <p class="notice" role="status">
      Not read: {said.join(', ')}.
    </p>
  )
}
