import { call } from '../../api/client.ts'
import type { Role } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { ActionTable } from '../../parts/action-table.tsx'
import { ConfirmButton } from '../../parts/confirm-button.tsx'
import { Form, textOf } from '../../parts/form.tsx'
import { Answered } from '../../parts/states.tsx'
import { Ago } from '../../parts/values.tsx'
import { RoleField, roleOf } from './role-field.tsx'

/** Who may do what: the members of a project. */
export function MembersPart({ project }: { readonly project: string }) {
  const asked = useAnswer(`members ${project}`, (signal) =>
    call('listMembers', { params: { project }, query: { n: 1000 } }, signal),
  )
  const put = async (user: string, role: Role) => {
    await call('putMember', { params: { project, user }, body: { role } })
    asked.again()
  }
  const remove = async (user: string) => {
    await call('deleteMember', { params: { project, user } })
    asked.again()
  }
  return (
    <Answered asked={asked} what="Reading the members">
      {({ members }) => (
        <>
          <ActionTable
            rows={members}
            keyOf={({ user }) => user}
            columns={[
              { head: 'User', look: 'strong', cell: ({ user }) => user },
              { head: 'Role', cell: ({ role }) => role },
              { head: 'Since', cell: ({ since }) => <Ago date={since} /> },
            ]}
            action={({ user }) => (
              <ConfirmButton
                label="Remove"
                of={user}
                title={`Remove ${user} from ${project}`}
                act={() => remove(user)}
              >
                <p>{user} loses the role at once, also under tokens and running sessions.</p>
              </ConfirmButton>
            )}
          />
          <details class="card">
            <summary>Add a member, or change a role</summary>
            <Form send={(values) => put(textOf(values, 'user'), roleOf(values))} action="Save">
              <label>
                User name
                <input name="user" required autoCapitalize="none" spellcheck={false} />
              </label>
              <RoleField />
            </Form>
          </details>
        </>
      )}
    </Answered>
  )
}
