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
      <select name="role" defaultValue="writer">
        {ROLES.map(([role, what]) => (
          <option key={role} value={role} selected={role === 'writer'}>
            {what}
          </option>
        ))}
      </select>
    </label>
  )
}

/** The role that was chosen. */
export function roleOf(values: FormData): Role {
  return ROLES.find(([role]) => role === values.get('role'))?.[0] ?? 'viewer'
}
