import { call } from '../../api/client.ts'
import type { IndexView } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { shortDigest } from '../../format.ts'
import { href } from '../../location.ts'
import { FirstRows } from '../../parts/first-rows.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Answered } from '../../parts/states.tsx'
import { Digest, Size } from '../../parts/values.tsx'

/** The index that the image was chosen from: its platforms, and what they share. */
export function PlatformsPart({
  repository,
  digest,
}: {
  readonly repository: string
  readonly digest: string
}) {
  const ref = `${repository}@${digest}`
  const asked = useAnswer(`index ${ref}`, (signal) => call('getIndex', { query: { ref } }, signal))
  return (
    <Answered asked={asked} what="Reading the platforms">
      {({ manifests, totals }) => (
        <>
          <p>
            All of them together: <Size bytes={totals.sumBytes} />; stored once:{' '}
            <Size bytes={totals.uniqueBytes} /> (compressed).
          </p>
          <FirstRows rows={inFamilies(manifests)} what="manifests">
            {(some) => <Entries repository={repository} manifests={manifests} shown={some} />}
          </FirstRows>
        </>
      )}
    </Answered>
  )
}

function Entries({
  repository,
  manifests,
  shown,
}: {
  readonly repository: string
  readonly manifests: readonly Entry[]
  readonly shown: readonly Entry[]
}) {
  return (
    <Scroll>
      <table>
        <thead>
          <tr>
            <th>Platform</th>
            <th>Digest</th>
            <th class="number">Layers</th>
            <th class="number">Compressed</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <tr key={one.digest}>
              <td>
                <a href={href('image', { ref: `${repository}@${one.digest}` })}>
                  {one.attests === null
                    ? (one.platform ?? one.artifactType ?? 'unknown')
                    : `attestation of ${platformOf(manifests, one.attests)}`}
                </a>
              </td>
              <td>
                <Digest digest={one.digest} />
              </td>
              <td class="number">{one.layers ?? 'not here'}</td>
              <td class="number">{one.totalSize === null ? '' : <Size bytes={one.totalSize} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

type Entry = IndexView['manifests'][number]

/** Each platform, followed by what is said about it. */
function inFamilies(entries: readonly Entry[]): Entry[] {
  const about = Map.groupBy(entries, ({ attests }) => attests)
  const known = new Set(entries.map(({ digest }) => digest))
  const own = entries.filter(({ attests }) => attests === null || !known.has(attests))
  return own.flatMap((one) => [one, ...(about.get(one.digest) ?? [])])
}

function platformOf(entries: readonly Entry[], digest: string): string {
  return entries.find((one) => one.digest === digest)?.platform ?? shortDigest(digest)
}
