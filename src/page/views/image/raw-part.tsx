import { useState } from 'preact/hooks'
import { call } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { visibleText } from '../../format.ts'
import { Answered, Commands } from '../../parts/states.tsx'

/** The manifest as it is, and the commands that show the same elsewhere. */
export function RawPart({ image }: { readonly image: Image }) {
  const [open, setOpen] = useState(false)
  const asked = useAnswer(open ? `raw ${image.ref}` : undefined, (signal) =>
    call('getRaw', { query: { ref: image.ref } }, signal),
  )
  return (
    <details class="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Raw manifest</summary>
      {open && (
        <>
          <Commands
            lines={[
              `crane manifest ${location.host}/${image.ref}`,
              `skopeo inspect --raw docker://${location.host}/${image.ref}`,
            ]}
          />
          <Answered asked={asked} what="Reading the manifest">
            {({ manifest, mediaType, size }) => (
              <>
                <p class="dim">
                  {mediaType}, {size} bytes
                </p>
                <pre class="raw" tabIndex={0}>
                  {JSON.stringify(manifest, null, 2).split('\n').map(visibleText).join('\n')}
                </pre>
              </>
            )}
          </Answered>
        </>
      )}
    </details>
  )
}
