import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

/** The settings of one registry whose records are in the PostgreSQL at `postgres`, in a schema that nobody used yet. */
export async function newSchema(postgres: string): Promise<Readonly<Record<string, string>>> {
  const schema = `protocol_${randomBytes(8).toString('hex')}`
  const client = new Client({ connectionString: postgres })
  await client.connect()
  try {
    await client.query(`create schema ${schema}`)
  } finally {
    await client.end()
  }
  const url = new URL(postgres)
  url.searchParams.set('options', `-c search_path=${schema}`)
  return { LAMINA_METADATA: url.href, LAMINA_SECRET: 'a secret of more than thirty-two characters' }
}
