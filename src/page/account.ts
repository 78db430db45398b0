import { signal } from '@preact/signals'
import { call, type Problem } from './api/client.ts'
import type { WhoAmI } from './api/schema.generated.ts'

/** Who is signed in: undefined until that is known, null for nobody. */
export const account = signal<WhoAmI | null | undefined>(undefined)

/** The session ended while the page was open. */
export const sessionEnded = signal(false)

/** Asks the server who is signed in. */
export async function readAccount(): Promise<void> {
  const before = account.peek()
  const { account: now = null } = await call('getSession')
  sessionEnded.value = before !== undefined && before !== null && now === null
  account.value = now
}

/** Throws a Problem when name or password are wrong. */
export async function signIn(username: string, password: string): Promise<void> {
  const answer = await call('signIn', { body: { username, password } })
  sessionEnded.value = false
  account.value = answer.account
}

/** Ends the session of this browser. */
export async function signOut(): Promise<void> {
  await call('signOut')
  account.value = null
}

/** What is hidden looks as if it were absent: maybe the session is over. */
export function noteProblem(problem: Problem): void {
  if (![401, 403, 404].includes(problem.status) || account.peek() === null) return
  readAccount().catch(() => undefined)
}

/** Signed in as a person or as the service account of a project; not in a registry that asks nobody. */
export function accountName(who: WhoAmI): string {
  return who.kind === 'account' ? `${who.project}+${who.name}` : who.name
}

/** An account as records name it (`user:alice`, `account:demo/ci`), as people log in with it. */
export function nameOfAccount(by: string): string {
  return by.replace(/^(?:user|account):/, '').replace('/', '+')
}
