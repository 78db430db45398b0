import { useState } from 'preact/hooks'
import { addressOf } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Commands } from '../../parts/states.tsx'

/** The image as one file, for machines without a network. */
export function ExportButton({ image, asked }: { readonly image: Image; readonly asked: string }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" class="link" onClick={() => setOpen(true)}>
        Export
      </button>
      {open && (
        <Dialog title={`Export ${asked}`} close={() => setOpen(false)}>
          <ul class="exports">
            {formsOf(image).map(({ format, platform, name, reads }) => (
              <li key={`${format} ${platform ?? ''}`}>
                <a download href={addressOf('exportImage', { query: { ref: asked, format, platform } })}>
                  {name}
                </a>
                <span class="dim">{reads}</span>
              </li>
            ))}
          </ul>
          <p class="dim">The same from a shell, into docker:</p>
          <Commands
            lines={[
              `curl --fail -u USER:PASSWORD '${location.origin}${addressOf('exportImage', {
                query: { ref: asked, format: 'docker', platform: image.platform ?? undefined },
              })}' | docker load`,
            ]}
          />
        </Dialog>
      )}
    </>
  )
}

interface ExportForm {
  readonly format: 'oci' | 'docker'
  readonly platform: string | undefined
  readonly name: string
  readonly reads: string
}

/** Of an index all of it, or one of its images. */
function formsOf({ index, platform: shown }: Image): ExportForm[] {
  const platform = index === null || shown === null ? undefined : shown
  const suffix = platform === undefined ? '' : `, ${platform}`
  const layout = 'for podman load, skopeo, containerd, and docker load from version 25 on'
  return [
    ...(index === null
      ? []
      : [{ format: 'oci', platform: undefined, name: 'OCI layout, all platforms', reads: layout } as const]),
    { format: 'oci', platform, name: `OCI layout${suffix}`, reads: layout },
    { format: 'docker', platform, name: `Docker archive${suffix}`, reads: 'for every docker load' },
  ]
}
