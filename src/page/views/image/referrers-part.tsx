import { call } from '../../api/client.ts'
import type { ImageView as Image, Referrers } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { visibleText } from '../../format.ts'
import { href } from '../../location.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { Answered } from '../../parts/states.tsx'
import { Digest, Size } from '../../parts/values.tsx'

/** What is about the image, and about the index that it was chosen from. */
export function ReferrersPart({ image }: { readonly image: Image }) {
  const asked = useAnswer(`referrers ${image.ref}`, (signal) => readAll(image, signal))
  return (
    <Answered asked={asked} what="Looking at what is about the image">
      {(found) =>
        found.every(({ referrers }) => referrers.length === 0) ? (
          <p class="dim">
            Nothing refers to it: no signature, bill of materials or attestation. Those that a builder put
            into the index are among the platforms.
          </p>
        ) : (
          <>
            {found.map((one) => (
              <Table
                key={one.subject}
                about={one}
                isIndex={one.subject !== image.digest}
                alone={found.length === 1}
              />
            ))}
          </>
        )
      }
    </Answered>
  )
}

function readAll({ ref, repository, index }: Image, signal: AbortSignal): Promise<Referrers[]> {
  const refs = [ref, ...(index === null ? [] : [`${repository}@${index.digest}`])]
  return Promise.all(refs.map((one) => call('getReferrers', { query: { ref: one, n: 100 } }, signal)))
}

function Table({
  about: { repository, referrers, next },
  isIndex,
  alone,
}: {
  readonly about: Referrers
  readonly isIndex: boolean
  readonly alone: boolean
}) {
  if (referrers.length === 0) return null
  return (
    <>
      {!alone && <h3>{isIndex ? 'Of the index' : 'Of this platform'}</h3>}
      <Scroll label="Referrers">
        <table>
          <thead>
            <tr>
              <th>Kind</th>
              <th>Digest</th>
              <th class="number">Manifest</th>
              <th>Annotations</th>
            </tr>
          </thead>
          <tbody>
            {referrers.map(({ digest, artifactType, mediaType, size, annotations }) => (
              <tr key={digest}>
                <td>
                  <a href={href('image', { ref: `${repository}@${digest}` })}>
                    {kindOf(artifactType ?? mediaType)}
                  </a>{' '}
                  <span class="dim">{visibleText(artifactType ?? mediaType)}</span>
                </td>
                <td>
                  <Digest digest={digest} />
                </td>
                <td class="number">
                  <Size bytes={size} />
                </td>
                <td class="wrap dim">
                  {Object.entries(annotations)
                    .map(([name, value]) => `${visibleText(name)}=${visibleText(value)}`)
                    .join(', ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {next !== undefined && <p class="dim">There are more.</p>}
    </>
  )
}

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/notary|cosign|signature|sigstore/i, 'Signature'],
  [/spdx|cyclonedx|sbom/i, 'Bill of materials'],
  [/in-toto|attest|provenance|slsa|dsse/i, 'Attestation'],
]

/** What people call it; the type itself is shown beside. */
function kindOf(type: string): string {
  return KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? 'Artifact'
}
