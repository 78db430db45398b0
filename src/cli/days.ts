import { type Input, type Option, optionValue } from './command.ts'
import { UsageError } from './failures.ts'

export const EXPIRY_OPTION: Readonly<Record<string, Option>> = {
  'expires-in-days': { value: 'DAYS', doc: 'End after so many days. Without it, it does not end by itself.' },
}

/** A body with `expiresInDays`, if that was asked for. */
export function expiryBody(input: Input): { expiresInDays?: number } {
  const text = optionValue(input, 'expires-in-days')
  if (text === undefined) return {}
  if (!/^[1-9]\d{0,3}$/.test(text))
    throw new UsageError(`--expires-in-days is "${text}"; it must be a whole number of days from 1 to 9999.`)
  return { expiresInDays: Number(text) }
}
