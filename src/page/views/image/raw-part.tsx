import type { ComponentChildren } from 'preact'
import { call } from '../../api/client.ts'
import type { Manifest } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { countText, visibleText } from '../../format.ts'
import { href } from '../../location.ts'
import { FirstRows } from '../../parts/first-rows.tsx'
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
          <FirstRows rows={linesOf(manifest)} what="lines" first={LINES}>
            {(lines) => (
              <pre class="raw" tabIndex={0} aria-label="The manifest">
                {linked(repository, manifest, lines)}
              </pre>
            )}
          </FirstRows>
        </>
      )}
    </Answered>
  )
}

/** Lines of a manifest that are shown at first: an image of a hundred layers has fewer. */
const LINES = 1000

function linesOf(manifest: Manifest): string[] {
  return JSON.stringify(manifest, null, 2).split('\n')
}

const DIGEST = /"(sha(?:256|512):[a-f0-9]+)"/

/** The text of a manifest, in which the digests of blobs and of other manifests are links. */
function linked(repository: string, manifest: Manifest, lines: readonly string[]): ComponentChildren[] {
  const blobs = [...(manifest.layers ?? []), ...(manifest.config === undefined ? [] : [manifest.config])]
  const layers = new Set(blobs.map(({ digest }) => digest))
  const images = new Set(
    [...(manifest.manifests ?? []), ...(manifest.subject === undefined ? [] : [manifest.subject])].map(
      ({ digest }) => digest,
    ),
  )
  const text = lines.map(visibleText).join('\n')
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
