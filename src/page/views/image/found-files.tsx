import { call } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { plural } from '../../format.ts'
import { here, setQuery } from '../../location.ts'
import { textOf } from '../../parts/form.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Answered } from '../../parts/states.tsx'
import { Size } from '../../parts/values.tsx'
import { FileLink, stepOf } from './file-link.tsx'

/** Looks for files by a part of their path; the text is in the address. */
export function FindFiles() {
  const submit = (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    event.preventDefault()
    setQuery({ find: textOf(new FormData(event.currentTarget), 'find').trim() })
  }
  return (
    <search>
      <form class="bar start" onSubmit={submit}>
        <input
          type="text"
          name="find"
          aria-label="Find files"
          placeholder="Find files by path"
          autoComplete="off"
          autoCapitalize="none"
          spellcheck={false}
          defaultValue={here.value.query.get('find') ?? ''}
        />
        <button type="submit" class="button quiet">
          Find
        </button>
      </form>
    </search>
  )
}

/** The files of all layers that have a text in their path, those that a later layer removed too. */
export function FoundFiles({ image, text }: { readonly image: Image; readonly text: string }) {
  const asked = useAnswer(`files ${image.ref} ${text}`, (signal) =>
    call('findFiles', { query: { ref: image.ref, q: text } }, signal),
  )
  return (
    <Answered asked={asked} what="Looking through all layers">
      {({ files, more, missing }) => (
        <>
          <p class="dim">
            {files.length === 0 ? 'No file' : plural(files.length, 'file')}
            {more && ', and more'} with “{text}” in the path
            {missing.length > 0 && `; ${plural(missing.length, 'layer')} could not be looked through`}.{' '}
            <button type="button" class="link" onClick={() => setQuery({ find: undefined })}>
              All files
            </button>
          </p>
          {files.length > 0 && (
            <Scroll label="Files found">
              <table class="stacks">
                <thead>
                  <tr>
                    <th>File</th>
                    <th>From</th>
                    <th class="number">Unpacked</th>
                  </tr>
                </thead>
                <tbody>
                  {files.map(({ path, size, layer, hidden }) => (
                    <tr key={path}>
                      <td class="wrap">
                        <FileLink image={image} path={path} layer={layer} />
                      </td>
                      <td data-label="From">
                        {stepOf(image, layer)}
                        {hidden && ', removed later'}
                      </td>
                      <td class="number" data-label="Unpacked">
                        <Size bytes={size} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )}
        </>
      )}
    </Answered>
  )
}
