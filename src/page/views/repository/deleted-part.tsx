import { nameOfAccount } from '../../account.ts'
import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { ConfirmButton } from '../../parts/confirm-button.tsx'
import { Scroll } from '../../parts/scroll.tsx'
import { Answered } from '../../parts/states.tsx'
import { Ago, Digest } from '../../parts/values.tsx'

/** What was deleted lately and can come back. */
export function DeletedPart({
  repository,
  changed,
}: {
  readonly repository: string
  readonly changed: () => void
}) {
  const params = { project: repository.split('/', 1)[0] ?? '' }
  const asked = useAnswer(`deleted ${repository}`, (signal) =>
    call('listDeleted', { params, query: { repository, n: 200 } }, signal),
  )
  const restore = async (digest: string) => {
    await call('restoreManifest', { params, body: { repository, digest } })
    asked.again()
    changed()
  }
  return (
    <Answered asked={asked} what="Reading what was deleted">
      {({ manifests, next }) =>
        manifests.length === 0 ? (
          <p class="dim">Nothing that could be restored.</p>
        ) : (
          <>
            <Scroll label="Deleted images">
              <table>
                <thead>
                  <tr>
                    <th>Image</th>
                    <th>Its tags</th>
                    <th>Deleted</th>
                    <th>By</th>
                    <th>Restorable until</th>
                    <th>
                      <span class="sr">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {manifests.map(({ digest, tags, at, by, policy, until }) => (
                    <tr key={digest}>
                      <td>
                        <Digest digest={digest} />
                      </td>
                      <td class="wrap">
                        {tags.length === 0 ? <span class="dim">none</span> : tags.join(', ')}
                      </td>
                      <td>
                        <Ago date={at} />
                      </td>
                      <td class="dim">{policy === undefined ? nameOfAccount(by) : `the rule ${policy}`}</td>
                      <td>
                        <Ago date={until} />
                      </td>
                      <td>
                        <ConfirmButton
                          label="Restore"
                          title="Restore the image"
                          action="Restore"
                          act={() => restore(digest)}
                        >
                          <p>
                            It can be pulled again by its digest
                            {tags.length > 0 && ', and by those of its tags that lead nowhere else by now'}.
                          </p>
                        </ConfirmButton>
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
    </Answered>
  )
}
