import { call } from '../../api/client.ts'
import type { Role } from '../../api/schema.generated.ts'
import { useAnswer } from '../../api/use-answer.ts'
import { ConfirmButton } from '../../parts/confirm-button.tsx'
import { Form, textOf } from '../../parts/form.tsx'
import { Scroll } from '../../parts/scroll.tsx'
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
          <Scroll>
            <table>
              <thead>
                <tr>
                  <th>User</th>
                  <th>Role</th>
                  <th>Since</th>
                  <th>
                    <span class="sr">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {members.map(({ user, role, since }) => (
                  <tr key={user}>
                    <td class="strong">{user}</td>
                    <td>{role}</td>
                    <td>
                      <Ago date={since} />
                    </td>
                    <td>
                      <ConfirmButton
                        label="Remove"
                        title={`Remove ${user} from ${project}`}
                        action="Remove"
                        act={() => remove(user)}
                      >
                        <p>{user} loses the role at once, also under tokens and running sessions.</p>
                      </ConfirmButton>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
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
