import { useState } from 'preact/hooks'
import { call } from '../../api/client.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { ActionTable } from '../../parts/action-table.tsx'
import { ConfirmButton } from '../../parts/confirm-button.tsx'
import { Form, textOf } from '../../parts/form.tsx'
import { Answered, Commands } from '../../parts/states.tsx'
import { Ago, AgoOrNever } from '../../parts/values.tsx'
import { registryHost } from '../../registry-host.ts'

/** Personal access tokens: made, shown once, listed, revoked. */
export function TokensPart({ user }: { readonly user: string }) {
  const asked = useAnswer('tokens', (signal) => call('listTokens', {}, signal))
  const [made, setMade] = useState<string | undefined>(undefined)
  const create = async (values: FormData) => {
    const days = Number(textOf(values, 'days'))
    const body = { name: textOf(values, 'name'), ...(days > 0 && { expiresInDays: days }) }
    setMade((await call('createToken', { body })).secret)
    asked.again()
  }
  const revoke = async (id: string) => {
    await call('deleteToken', { params: { id } })
    asked.again()
  }
  return (
    <section>
      <h2>Access tokens</h2>
      <p class="dim">
        A token stands in for your password, with your rights. Give a machine the key of a service account
        instead: it is limited to one project.
      </p>
      {made !== undefined && (
        <div class="notice notice-good" role="status">
          <div>
            <p>This is the token. It is shown this once:</p>
            <Commands lines={[made]} />
            <p>To log in with it:</p>
            <Commands lines={[`docker login ${registryHost(location)} -u ${user} -p ${made}`]} />
          </div>
        </div>
      )}
      <Answered asked={asked} what="Reading your tokens">
        {({ tokens }) =>
          tokens.length === 0 ? (
            <p>None yet.</p>
          ) : (
            <ActionTable
              rows={tokens}
              keyOf={({ id }) => id}
              columns={[
                {
                  head: 'Name',
                  cell: ({ name, kind }) => (
                    <>
                      {name} {kind === 'refresh' && <span class="pill">docker login</span>}
                    </>
                  ),
                },
                { head: 'Made', cell: ({ created }) => <Ago date={created} /> },
                { head: 'Last used', cell: ({ used }) => <AgoOrNever date={used} /> },
                { head: 'Ends', cell: ({ expires }) => <AgoOrNever date={expires} /> },
              ]}
              action={({ id, name }) => (
                <ConfirmButton label="Revoke" of={name} title={`Revoke ${name}`} act={() => revoke(id)}>
                  <p>Whoever logs in with it is refused at once.</p>
                </ConfirmButton>
              )}
            />
          )
        }
      </Answered>
      <details class="card">
        <summary>Make a token</summary>
        <Form send={create} action="Make the token">
          <label>
            Name
            <input name="name" required maxLength={255} placeholder="laptop" />
          </label>
          <label>
            Ends after days (empty: never)
            <input name="days" type="number" min={1} max={3650} />
          </label>
        </Form>
      </details>
    </section>
  )
}
