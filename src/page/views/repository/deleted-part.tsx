import { nameOfAccount } from '../../account.ts'
import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { ActionTable } from '../../parts/action-table.tsx'
import { ConfirmButton } from '../../parts/confirm-button.tsx'
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
            <ActionTable
              label="Deleted images"
              rows={manifests}
              keyOf={({ digest }) => digest}
              columns={[
                { head: 'Image', cell: ({ digest }) => <Digest digest={digest} /> },
                {
                  head: 'Its tags',
                  look: 'wrap',
                  cell: ({ tags }) => (tags.length === 0 ? <span class="dim">none</span> : tags.join(', ')),
                },
                { head: 'Deleted', cell: ({ at }) => <Ago date={at} /> },
                {
                  head: 'By',
                  look: 'dim',
                  cell: ({ by, policy }) => (policy === undefined ? nameOfAccount(by) : `the rule ${policy}`),
                },
                { head: 'Restorable until', cell: ({ until }) => <Ago date={until} /> },
              ]}
              action={({ digest, tags }) => (
                <ConfirmButton calm label="Restore" title="Restore the image" act={() => restore(digest)}>
                  <p>
                    It can be pulled again by its digest
                    {tags.length > 0 && ', and by those of its tags that lead nowhere else by now'}.
                  </p>
                </ConfirmButton>
              )}
            />
            {next !== undefined && <p class="dim">There are more.</p>}
          </>
        )
      }
    </Answered>
  )
}
