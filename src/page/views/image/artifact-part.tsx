import { call } from '../../api/client.ts'
import type { ImageView as Image } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { visibleText } from '../../format.ts'
import { readPart } from '../files/file-source.ts'
import { type ArtifactFact, artifactFacts, parsedJson } from './artifact-facts.ts'

/** Bytes of a document that are read for what it says of itself: what one answer holds. */
const READ = 4 * 1024 * 1024

/** What an artifact says of itself: its annotations, and what its config and its first document are. It comes after the rest. */
export function ArtifactPart({ image }: { readonly image: Image }) {
  const { value: facts = [] } = useAnswer(`artifact ${image.ref}`, (signal) => factsOf(image, signal))
  if (facts.length === 0) return null
  return (
    <section aria-label="What it says of itself">
      <h2>What it says of itself</h2>
      <dl class="pairs">
        {facts.map(([name, text], index) => (
          <div key={`${index}`}>
            <dt>{visibleText(name)}</dt>
            <dd class="wrap">
              <bdi>{visibleText(text)}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

async function factsOf({ ref }: Image, signal: AbortSignal): Promise<ArtifactFact[]> {
  const { manifest } = await call('getRaw', { query: { ref } }, signal)
  const documents = [manifest.config, manifest.layers?.[0]].filter(
    (one) => one !== undefined && one.size <= READ && !NO_DOCUMENT.test(one.mediaType),
  )
  const said = await Promise.all(
    documents.map(async (one) => {
      const source = { bytesOf: one?.digest ?? '' }
      // One that is not here, or kept elsewhere, says nothing: the rest of the view tells so.
      const read = await readPart(source, { offset: 0, length: READ }, signal).catch(() => undefined)
      return read === undefined ? [] : artifactFacts(parsedJson(new TextDecoder().decode(read.bytes)))
    }),
  )
  return [...said.flat(), ...Object.entries(manifest.annotations ?? {})]
}

/** Configs of images, empty ones, and archives. */
const NO_DOCUMENT = /image\.config|container\.image\.v1|oci\.empty|\btar\b|gzip|zstd/
