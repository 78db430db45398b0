/** Different characters that a password has at least: eight spaces and `12121212` are no secrets. */
const DIFFERENT = 3

/** Why nobody named `user` should have this password. Undefined: no such reason. No measure of strength. */
export function whyWeak(password: string, user: string): string | undefined {
  const text = password.toLowerCase()
  if (new Set(text).size < DIFFERENT) return `it has fewer than ${DIFFERENT} different characters`
  return text === user ? 'it is the name of its user' : undefined
}
