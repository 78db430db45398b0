import { json, type Reply } from '../exchange.ts'

/** Dates leave as RFC 3339, in UTC. */
export function date(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

/** A date that may be missing, ready to be spread into an answer. */
export function optionalDate(key: string, milliseconds: number | undefined) {
  return milliseconds === undefined ? {} : { [key]: date(milliseconds) }
}

/** Answers of /api/v1 belong to whom asked, and some hold a secret that is shown once: no cache keeps them unless `headers` let it. */
export function answer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = { 'cache-control': 'no-store' },
): Reply {
  return json(status, value, headers)
}

export const NO_CONTENT: Reply = { status: 204 }

/** When something ends that was made now to last `days`; undefined: never. */
export function endAfter(now: number, days: number | undefined): number | undefined {
  return days === undefined ? undefined : now + days * 86_400_000
}
