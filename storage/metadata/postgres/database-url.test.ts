import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { StoreUnavailable } from '../../store-errors.ts'
import { parseDatabaseUrl } from './database-url.ts'
import { openPostgresMetadataStore } from './postgres-metadata-store.ts'
import { makeTestDatabase } from './test-database.ts'

describe('the URL of a database', () => {
  it('says where it is, and is shown without its password', () => {
    const { connection, shown } = parseDatabaseUrl('postgres://ann%40x:s%2Fcret@db.example:5433/la%20mina')
    expect(connection).toMatchObject({
      host: 'db.example',
      port: 5433,
      user: 'ann@x',
      password: 's/cret',
      database: 'la mina',
      ssl: false,
    })
    expect(shown).toBe('postgres://ann@x@db.example:5433/la mina')
  })

  it('takes a socket, an IPv6 address, and TLS as libpq names it', () => {
    expect(parseDatabaseUrl('postgresql:///db?host=/run/postgresql').connection.host).toBe('/run/postgresql')
    expect(parseDatabaseUrl('postgres://[::1]/db').connection).toMatchObject({ host: '::1', port: 5432 })
    expect(parseDatabaseUrl('postgres://h/db?sslmode=require').connection.ssl).toEqual({
      rejectUnauthorized: false,
    })
    expect(parseDatabaseUrl('postgres://h/db?sslmode=verify-full').connection.ssl).toEqual({
      rejectUnauthorized: true,
    })
  })

  it('looks at the authority that it names, as libpq does, also where encryption alone is asked for', () => {
    const { ssl } = parseDatabaseUrl(
      `postgres://h/db?sslmode=require&sslrootcert=${import.meta.filename}`,
    ).connection
    expect(ssl).toMatchObject({ rejectUnauthorized: true, ca: readFileSync(import.meta.filename, 'utf8') })
    expect(ssl).toHaveProperty('checkServerIdentity')
  })

  it.each([
    ['http://h/db', 'no postgres:// URL'],
    ['postgres://u:hid#hidden@h/db', '%23 for #'],
    ['postgres://u:hid%hidden@h/db', '%25 for %'],
    ['postgres://h', 'must name a host and a database'],
    ['postgres:///db', 'must name a host and a database'],
    ['postgres://h/db?ssl=true', 'parameter ssl is not known'],
    ['postgres://u:hidden@h/db?sslmode=maybe', 'sslmode must be one of'],
    ['postgres://u:hidden@h/db?sslmode=disable&sslmode=verify-full', 'sslmode stands twice'],
    ['postgres://u:hidden@h/db?sslrootcert=/none/ca.pem', '/none/ca.pem, cannot be read'],
  ])('that is wrong says why: %s', (url, why) => {
    expect(() => parseDatabaseUrl(url)).toThrow(StoreUnavailable)
    expect(() => parseDatabaseUrl(url)).toThrow(why)
    expect(() => parseDatabaseUrl(url)).not.toThrow(/hidden/)
  })
})

describe('a start that cannot be', () => {
  const opening = (url: string) => openPostgresMetadataStore({ url, isQueue: () => false })

  it('names a database that is not there, and a server that is not', async () => {
    const database = await makeTestDatabase()
    const url = new URL(database.url)
    url.pathname = '/nowhere'
    await expect(opening(url.href)).rejects.toThrow(
      /\/nowhere cannot be used: it has no database of that name/,
    )
    url.port = '1'
    await expect(opening(url.href)).rejects.toThrow('nothing listens there')
    await database.remove()
  })

  it('refuses a schema that a newer program made, and TLS that the server does not speak', async () => {
    const database = await makeTestDatabase()
    await (await opening(database.url)).close()
    await database.sql('insert into lamina_schema (version) values (1000)')
    await expect(opening(database.url)).rejects.toThrow(/a newer Lamina .*schema is 1000/)
    await expect(opening(`${database.url}&sslmode=require`)).rejects.toThrow('it speaks no TLS')
    await database.remove()
  })
})
