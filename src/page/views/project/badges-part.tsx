import { useState } from 'preact/hooks'
import { addressOf, call } from '../../api/client.ts'
import type { Operations } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { href } from '../../location.ts'
import { ActionTable } from '../../parts/action-table.tsx'
import { BadgeCodeList } from '../../parts/badge-code-list.tsx'
import { ConfirmButton } from '../../parts/confirm-button.tsx'
import { Form, textOf } from '../../parts/form.tsx'
import { Answered } from '../../parts/states.tsx'
import { Ago } from '../../parts/values.tsx'
import { RepositoryField } from './repository-field.tsx'

type Made = Operations['createBadgeKey']['answer']

/** Keys that show the badges of a private project's repositories where nobody is signed in. */
export function BadgesPart({ project, open }: { readonly project: string; readonly open: boolean }) {
  const [made, setMade] = useState<Made | undefined>(undefined)
  const asked = useAnswer(`badges ${project}`, (signal) =>
    call('listBadgeKeys', { params: { project }, query: { n: 1000 } }, signal),
  )
  const create = async (values: FormData) => {
    const body = { repository: textOf(values, 'repository').trim() }
    setMade(await call('createBadgeKey', { params: { project }, body }))
    asked.again()
  }
  const remove = async (badge: string) => {
    await call('deleteBadgeKey', { params: { project, badge } })
    if (made?.id === badge) setMade(undefined)
    asked.again()
  }
  return (
    <>
      {open && <p>This project is public: its badges need no key. Keys count once it is private.</p>}
      {made !== undefined && <NewKey key={made.id} made={made} />}
      <Answered asked={asked} what="Reading the badge keys">
        {({ badges }) =>
          badges.length === 0 ? (
            <p>
              None yet. With a key, a README shows the badges of one private repository to whoever reads it;
              the key opens nothing else.
            </p>
          ) : (
            <ActionTable
              rows={badges}
              keyOf={({ id }) => id}
              columns={[
                { head: 'Repository', look: 'strong', cell: ({ repository }) => repository },
                { head: 'Key', cell: ({ id }) => <code title={id}>{shortId(id)}</code> },
                { head: 'Made', cell: ({ created }) => <Ago date={created} /> },
              ]}
              action={({ id, repository }) => (
                <ConfirmButton
                  label="Take back"
                  of={`the key ${shortId(id)}`}
                  title={`Take back a key of ${repository}`}
                  act={() => remove(id)}
                >
                  <p>
                    Badges with it say <em>unknown</em>, where a cache has them at most five minutes later.
                  </p>
                </ConfirmButton>
              )}
            />
          )
        }
      </Answered>
      <details class="card">
        <summary>Make a badge key</summary>
        <Form send={create} action="Make the key">
          <RepositoryField project={project} />
        </Form>
      </details>
    </>
  )
}

/** Enough to tell keys apart: a digest is no help to a reader. */
function shortId(id: string): string {
  return id.slice(0, 12)
}

/** The key as a README takes it; nobody can show it again. */
function NewKey({ made: { repository, key } }: { readonly made: Made }) {
  const [tag, setTag] = useState('latest')
  const image = `${repository}:${tag || 'latest'}`
  const address = addressOf('getBadgeSvg', { query: { ref: image, key } })
  return (
    <div class="notice notice-good">
      <div>
        <h2>A badge of {repository}</h2>
        <p role="status">
          The key of <strong>{repository}</strong> is made. It is shown this once, in what a README takes:
        </p>
        <div class="pair-form">
          <label>
            <span>Tag that it shows</span>
            <input type="text" value={tag} onInput={(event) => setTag(event.currentTarget.value.trim())} />
          </label>
        </div>
        <p>
          <img src={address} alt={`The badge of ${image}`} height={20} />
        </p>
        <BadgeCodeList picture={address} page={href('image', { ref: image })} text={image} />
      </div>
    </div>
  )
}
