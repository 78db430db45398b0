import { Fragment } from 'preact'
import { useState } from 'preact/hooks'
import { call } from '../../api/client.ts'
import type { ImageView as Image, Referrers } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { visibleText } from '../../format.ts'
import { href } from '../../location.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { Answered, Failed } from '../../parts/states.tsx'
import { Digest, Size } from '../../parts/values.tsx'

/** Referrers that are asked for at once. */
const PAGE = 100

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
            {found
              .filter(({ referrers }) => referrers.length > 0)
              .map((first) => (
                <About
                  key={first.subject}
                  first={first}
                  title={
                    found.length === 1
                      ? ''
                      : first.subject === image.digest
                        ? 'Of this platform'
                        : 'Of the index'
                  }
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
  return Promise.all(refs.map((one) => call('getReferrers', { query: { ref: one, n: PAGE } }, signal)))
}

/** What is about one manifest, page by page: further pages come when they are asked for. */
function About({ first, title }: { readonly first: Referrers; readonly title: string }) {
  const [pages, setPages] = useState(1)
  const { repository, subject } = first
  const more = useAnswer(pages === 1 ? undefined : `referrers ${subject} ${pages}`, async (signal) => {
    const referrers: Referrers['referrers'][number][] = []
    let { next } = first
    for (let page = 1; page < pages && next !== undefined; page += 1) {
      const ref = `${repository}@${subject}`
      const answer = await call('getReferrers', { query: { ref, n: PAGE, last: next } }, signal)
      referrers.push(...answer.referrers)
      next = answer.next
    }
    return { referrers, next }
  })
  const rows = [...first.referrers, ...(more.value?.referrers ?? [])]
  const next = more.value === undefined ? first.next : more.value.next
  return (
    <>
      {title !== '' && <h3>{title}</h3>}
      <Table repository={repository} referrers={rows} />
      {more.problem !== undefined && <Failed problem={more.problem} again={more.again} />}
      {next !== undefined && (
        <p class="dim">
          The first {rows.length} by digest.{' '}
          <button type="button" class="link" aria-busy={more.loading} onClick={() => setPages(pages + 1)}>
            Show more
          </button>
        </p>
      )}
    </>
  )
}

function Table({
  repository,
  referrers,
}: {
  readonly repository: string
  readonly referrers: Referrers['referrers']
}) {
  return (
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
                {Object.entries(annotations).map(([name, value], index) => (
                  <Fragment key={name}>
                    {index > 0 && ', '}
                    <bdi>{`${visibleText(name)}=${visibleText(value)}`}</bdi>
                  </Fragment>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
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
