import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { href } from '../../location.ts'
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
                {manifests.map((one) => (
                  <tr key={one.digest}>
                    <td>
                      {one.attests !== null ? (
                        <span class="dim">attestation</span>
                      ) : (
                        <a href={href('image', { ref: `${repository}@${one.digest}` })}>
                          {one.platform ?? one.artifactType ?? 'unknown'}
                        </a>
                      )}
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
        </>
      )}
    </Answered>
  )
}
