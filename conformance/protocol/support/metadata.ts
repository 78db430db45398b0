import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'

/** The settings of one registry whose records are in the PostgreSQL of the test run, in a schema that nobody used yet. */
export async function newSchema(): Promise<Readonly<Record<string, string>>> {
  const schema = `protocol_${randomBytes(8).toString('hex')}`
  const client = new Client({ connectionString: inject('postgres') })
  await client.connect()
  try {
    await client.query(`create schema ${schema}`)
  } finally {
    await client.end()
  }
  const url = new URL(inject('postgres'))
  url.searchParams.set('options', `-c search_path=${schema}`)
  return { LAMINA_METADATA: url.href, LAMINA_SECRET: 'a secret of more than thirty-two characters' }
}
