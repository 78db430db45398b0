import { Client, DatabaseError } from 'pg'
import { describe, expect, it } from 'vitest'
import { firstConnection } from './first-connection.ts'

function refusal(code: string): DatabaseError {
  const error = new DatabaseError('refused', 1, 'error')
  error.code = code
  return error
}

const coded = (code: string) => Object.assign(new Error(code), { code })

/** Fails with each of these, then opens. */
async function outcome(failures: readonly Error[], patience?: number): Promise<string> {
  const left = [...failures]
  try {
    await firstConnection(async () => {
      const failure = left.shift()
      if (failure !== undefined) throw failure
      return new Client()
    }, patience)
    return 'open'
  } catch (error) {
    return error instanceof DatabaseError ? (error.code ?? '') : String(error)
  }
}

describe('the first connection of a start', () => {
  it.each([
    ['is starting up', refusal('57P03')],
    ['has no connection left', refusal('53300')],
    ['is silent', new Error('timeout expired')],
    ['closes half-way', new Error('Connection terminated unexpectedly')],
    ['resets', coded('ECONNRESET')],
  ])('waits for a server that %s', async (_, error) => expect(await outcome([error])).toBe('open'))

  it.each([
    ['refuses the password', refusal('28P01'), '28P01'],
    ['has no such database', refusal('3D000'), '3D000'],
    ['is not there', coded('ECONNREFUSED'), 'Error: ECONNREFUSED'],
    ['has no address', coded('ENOTFOUND'), 'Error: ENOTFOUND'],
  ])('ends at once when the server %s', async (_, error, said) => expect(await outcome([error])).toBe(said))

  it('ends when patience is over', async () =>
    expect(await outcome([refusal('57P03'), refusal('53300')], 0)).toBe('57P03'))
})
