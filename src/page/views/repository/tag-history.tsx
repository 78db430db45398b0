import { useState } from 'preact/hooks'
import { nameOfAccount } from '../../account.ts'
import { call } from '../../api/client.ts'
import type { ProjectView } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { ActionTable } from '../../parts/action-table.tsx'
import { ConfirmButton } from '../../parts/confirm-button.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Answered } from '../../parts/states.tsx'
import { Ago, Digest } from '../../parts/values.tsx'

/** Where a tag led, and a way back: nothing is pulled or pushed, the tag moves. */
export function TagHistory({
  repository,
  tag,
  may,
  changed,
}: {
  readonly repository: string
  readonly tag: string
  readonly may: ProjectView['may']
  readonly changed: () => void
}) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <button type="button" class="link" onClick={() => setOpen(true)}>
        History<span class="sr"> of {tag}</span>
      </button>
      {open && (
        <Dialog title={`${repository}:${tag}`} close={() => setOpen(false)}>
          <History repository={repository} tag={tag} may={may} changed={changed} />
        </Dialog>
      )}
    </>
  )
}

function History({
  repository,
  tag,
  may,
  changed,
}: {
  readonly repository: string
  readonly tag: string
  readonly may: ProjectView['may']
  readonly changed: () => void
}) {
  const project = repository.split('/', 1)[0] ?? ''
  const asked = useAnswer(`log ${repository}:${tag}`, (signal) =>
    call('listTagLog', { params: { project }, query: { repository, tag, n: 100 } }, signal),
  )
  const rollBack = async (to: string) => {
    await call('rollbackTag', { params: { project }, body: { repository, tag, to } })
    asked.again()
    changed()
  }
  return (
    <Answered asked={asked} what="Reading where the tag led">
      {({ steps }) => (
        <ActionTable
          rows={steps}
          keyOf={({ sequence }) => sequence}
          columns={[
            {
              head: 'Led to',
              cell: ({ digest, policy }) =>
                digest === undefined ? (
                  <span class="dim">deleted{policy !== undefined && ` by ${policy}`}</span>
                ) : (
                  <Digest digest={digest} />
                ),
            },
            { head: 'Since', cell: ({ at }) => <Ago date={at} /> },
            { head: 'By', look: 'dim', cell: ({ by }) => nameOfAccount(by) },
          ]}
          action={({ digest }, index) => (
            <>
              {index === 0 && <span class="pill">now</span>}
              {index > 0 && digest !== undefined && may.push && (
                <ConfirmButton
                  label="Roll back here"
                  title={`Roll ${tag} back`}
                  action="Roll back"
                  act={() => rollBack(digest)}
                >
                  <p>
                    Who pulls <code>{tag}</code> from now on gets what it led to then. The log keeps both, so
                    this can be undone the same way.
                  </p>
                </ConfirmButton>
              )}
            </>
          )}
        />
      )}
    </Answered>
  )
}
