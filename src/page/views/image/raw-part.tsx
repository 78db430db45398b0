import type { ComponentChildren } from 'preact'
import { call } from '../../api/client.ts'
import type { Manifest } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { countText, visibleText } from '../../format.ts'
import { href } from '../../location.ts'
import { Answered, Commands } from '../../parts/states.tsx'
import { registryHost } from '../../registry-host.ts'

/** A manifest as it is, its digests leading to what they name, and the commands that show the same elsewhere. */
export function RawPart({ pinned }: { readonly pinned: string }) {
  const asked = useAnswer(`raw ${pinned}`, (signal) => call('getRaw', { query: { ref: pinned } }, signal))
  return (
    <Answered asked={asked} what="Reading the manifest">
      {({ repository, manifest, mediaType, size }) => (
        <>
          <Commands
            lines={[
              `crane manifest ${registryHost(location)}/${pinned}`,
              ...(manifest.config === undefined ? [] : [`crane config ${registryHost(location)}/${pinned}`]),
              `skopeo inspect --raw docker://${registryHost(location)}/${pinned}`,
            ]}
          />
          <p class="dim">
            {mediaType}, {countText(size)} bytes
          </p>
          <pre class="raw" tabIndex={0} aria-label="The manifest">
            {linked(repository, manifest)}
          </pre>
        </>
      )}
    </Answered>
  )
}

const DIGEST = /"(sha(?:256|512):[a-f0-9]+)"/

/** The text of a manifest, in which the digests of blobs and of other manifests are links. */
function linked(repository: string, manifest: Manifest): ComponentChildren[] {
  const blobs = [...(manifest.layers ?? []), ...(manifest.config === undefined ? [] : [manifest.config])]
  const layers = new Set(blobs.map(({ digest }) => digest))
  const images = new Set(
    [...(manifest.manifests ?? []), ...(manifest.subject === undefined ? [] : [manifest.subject])].map(
      ({ digest }) => digest,
    ),
  )
  const text = JSON.stringify(manifest, null, 2).split('\n').map(visibleText).join('\n')
  // Every second part is a digest, which stood in quotes.
  return text.split(DIGEST).map((part, index) => {
    if (index % 2 === 0) return part
    const target = layers.has(part)
      ? href('layer', { digest: part })
      : images.has(part)
        ? href('image', { ref: `${repository}@${part}` })
        : undefined
    return target === undefined ? (
      `"${part}"`
    ) : (
      <span key={`${index}`}>
        "<a href={target}>{part}</a>"
      </span>
    )
  })
}
