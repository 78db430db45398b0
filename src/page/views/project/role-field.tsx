import type { Role } from '../../api/schema.generated.ts'

const ROLES: readonly (readonly [role: Role, what: string])[] = [
  ['viewer', 'viewer: pulls'],
  ['writer', 'writer: pulls and pushes'],
  ['admin', 'admin: also deletes, and manages members and settings'],
]

/** What a member or service account may do, in plain words. */
export function RoleField() {
  return (
    <label>
      Role
      <select name="role">
        {ROLES.map(([role, what]) => (
          <option key={role} value={role} {...(role === 'writer' && { ref: chooseFirst })}>
            {what}
          </option>
        ))}
      </select>
    </label>
  )
}

/** By the attribute: a form that was sent goes back to what it says, not to what was set since. */
function chooseFirst(option: HTMLOptionElement | null): void {
  option?.setAttribute('selected', '')
}

/** The role that was chosen. */
export function roleOf(values: FormData): Role {
  return ROLES.find(([role]) => role === values.get('role'))?.[0] ?? 'viewer'
}
