/** Different characters that a password has at least: eight spaces and `12121212` are no secrets. */
const DIFFERENT = 5

/** What people type when they are asked for eight characters, without what they put before and behind it. */
const WORDS: ReadonlySet<string> = new Set([
  'abc',
  'adminadmin',
  'admin',
  'administrator',
  'baseball',
  'changeit',
  'changeme',
  'container',
  'default',
  'docker',
  'dragon',
  'football',
  'harbor',
  'iloveyou',
  'kubernetes',
  'lamina',
  'letmein',
  'master',
  'monkey',
  'pass',
  'passw0rd',
  'password',
  'passwort',
  'princess',
  'qwerty',
  'qwertz',
  'registry',
  'root',
  'secret',
  'sunshine',
  'superman',
  'superuser',
  'test',
  'trustno',
  'user',
  'welcome',
])

/** Keys in the order in which they lie, and letters in that of the alphabet; both ways. */
const RUNS = [
  '01234567890',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
  '1q2w3e4r5t6y7u8i9o0p',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
].flatMap((run) => [run, run.split('').reverse().join('')])

/**
 * Why nobody named `user` should have this password: it is among the first that somebody else would try. Undefined: no such reason. A
 * guess at what guessers try, and no measure of strength.
 */
export function whyWeak(password: string, user: string): string | undefined {
  const text = password.toLowerCase()
  const word = text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
  const name = user.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
  if (new Set(text).size < DIFFERENT) return `it has fewer than ${DIFFERENT} different characters`
  if (RUNS.some((run) => run.includes(text))) return 'it is a row of neighbouring keys or letters'
  if (text === user || (word !== '' && word === name)) return 'it is the name of its user'
  return WORDS.has(word) ? 'it is one of the first that others would try' : undefined
}
