import { call } from '../../api/client.ts'
import type { RetentionCandidate, RetentionRule } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { plural } from '../../format.ts'
import { href } from '../../location.ts'
import { Scroll } from '../../parts/scroll.tsx'
import { Answered } from '../../parts/states.tsx'
import { Ago, Digest } from '../../parts/values.tsx'

/** Candidates that are listed. */
const SHOWN = 200

/** What rules would take now, by name; first what somebody pulled lately. */
export function RetentionPreview({
  project,
  rules,
}: {
  readonly project: string
  readonly rules: readonly RetentionRule[]
}) {
  const asked = useAnswer(`preview ${project} ${JSON.stringify(rules)}`, (signal) =>
    call('previewRetention', { params: { project }, body: { retention: rules } }, signal),
  )
  return (
    <Answered asked={asked} what="Looking what they would take">
      {({ count, pulledLately, others, complete }) =>
        count === 0 ? (
          <p class="dim">Nothing, now. What was pushed or asked for within the grace time is never taken.</p>
        ) : (
          <>
            <p>
              {plural(count, 'image or tag', 'images and tags')}
              {!complete && ', and maybe more'}
              {pulledLately.length > 0 && (
                <strong> · {pulledLately.length} of them were pulled within 90 days ⚠</strong>
              )}
            </p>
            <Candidates candidates={[...pulledLately, ...others].slice(0, SHOWN)} />
          </>
        )
      }
    </Answered>
  )
}

function Candidates({ candidates }: { readonly candidates: readonly RetentionCandidate[] }) {
  return (
    <Scroll label="What would go">
      <table>
        <thead>
          <tr>
            <th>Image</th>
            <th>Digest</th>
            <th>By the rule</th>
            <th>There since</th>
            <th>Last pulled</th>
          </tr>
        </thead>
        <tbody>
          {candidates.map(({ repository, tag, digest, rule, since, pulled }) => (
            <tr key={`${repository} ${tag ?? ''} ${digest}`}>
              <td>
                <a href={href('image', { ref: `${repository}@${digest}` })}>
                  {repository}
                  {tag !== undefined && `:${tag}`}
                </a>
              </td>
              <td>
                <Digest digest={digest} />
              </td>
              <td>{rule}</td>
              <td>
                <Ago date={since} />
              </td>
              <td>{pulled === undefined ? <span class="dim">not known</span> : <Ago date={pulled} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
