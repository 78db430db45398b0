import { useState } from 'preact/hooks'
import { call } from '../../api/client.ts'
import type { Operations } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { ActionTable } from '../../parts/action-table.tsx'
import { ConfirmButton } from '../../parts/confirm-button.tsx'
import { Form, textOf } from '../../parts/form.tsx'
import { Answered, Commands } from '../../parts/states.tsx'
import { Ago, AgoOrNever } from '../../parts/values.tsx'
import { registryHost } from '../../registry-host.ts'
import { RoleField, roleOf } from './role-field.tsx'

type Made = Operations['createAccount']['answer']

/** Credentials for machines, limited to this project. */
export function AccountsPart({ project }: { readonly project: string }) {
  const [made, setMade] = useState<Made | undefined>(undefined)
  const asked = useAnswer(`accounts ${project}`, (signal) =>
    call('listAccounts', { params: { project }, query: { n: 1000 } }, signal),
  )
  const create = async (values: FormData) => {
    const days = Number(textOf(values, 'days'))
    const body = {
      name: textOf(values, 'name'),
      role: roleOf(values),
      ...(days > 0 && { expiresInDays: days }),
    }
    setMade(await call('createAccount', { params: { project }, body }))
    asked.again()
  }
  const remove = async (account: string) => {
    await call('deleteAccount', { params: { project, account } })
    asked.again()
  }
  return (
    <>
      {made !== undefined && <NewKey made={made} />}
      <Answered asked={asked} what="Reading the service accounts">
        {({ accounts }) =>
          accounts.length === 0 ? (
            <p>
              None yet. Make one for each machine that pushes or pulls, and revoke it alone when it leaks.
            </p>
          ) : (
            <ActionTable
              rows={accounts}
              keyOf={({ name }) => name}
              columns={[
                { head: 'Logs in as', look: 'strong', cell: ({ user }) => user },
                { head: 'Role', cell: ({ role }) => role },
                { head: 'Made', cell: ({ created }) => <Ago date={created} /> },
                { head: 'Ends', cell: ({ expires }) => <AgoOrNever date={expires} /> },
              ]}
              action={({ name, user }) => (
                <ConfirmButton label="Delete" of={user} title={`Delete ${user}`} act={() => remove(name)}>
                  <p>Machines with its key are refused at once. What they pushed stays.</p>
                </ConfirmButton>
              )}
            />
          )
        }
      </Answered>
      <details class="card">
        <summary>Make a service account</summary>
        <Form send={create} action="Make the account">
          <label>
            Name
            <input name="name" required placeholder="ci" autoCapitalize="none" spellcheck={false} />
          </label>
          <RoleField />
          <label>
            Ends after days (empty: never)
            <input name="days" type="number" min={1} max={3650} />
          </label>
        </Form>
      </details>
    </>
  )
}

/** The secret of a new account; nobody can show it again. */
function NewKey({ made }: { readonly made: Made }) {
  const file = JSON.stringify(made.keyFile, null, 2)
  return (
    <div class="notice notice-good" role="status">
      <div>
        <p>
          <strong>{made.user}</strong> is made. Its key is shown this once. Log in on the machine:
        </p>
        <Commands lines={[`docker login ${registryHost(location)} -u ${made.user} -p ${made.secret}`]} />
        <p>
          Or keep the key file and log in as on gcr.io,{' '}
          <code>-u _json_key --password-stdin &lt; key.json</code>:
        </p>
        <Commands lines={file.split('\n')} />
      </div>
    </div>
  )
}
