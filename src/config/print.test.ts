import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { configurationDocument } from './print.ts'
import { configSchema, SETTINGS } from './schema.ts'

test('docs/configuration.md is what `npm run docs` writes', async () => {
  const written = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  expect(written).toBe(configurationDocument())
})

test('every setting has its facts, and every default is right', () => {
  expect(SETTINGS.map(({ key }) => key)).toEqual(Object.keys(configSchema.shape))
  for (const { doc, expects } of SETTINGS) expect([doc, expects].every((text) => text.length > 5)).toBe(true)
  expect(configSchema.safeParse({}).success).toBe(true)
})

test('a secret is documented with the name of its file', () => {
  expect(configurationDocument()).toContain(
    '`LAMINA_SECRET`, or `LAMINA_SECRET_FILE` for the path of a file that holds it · default: none',
  )
})

test('names follow one rule', () => {
  const { yamlName, environmentName } = SETTINGS.find(({ key }) => key === 'stopDelay') ?? {}
  expect([yamlName, environmentName]).toEqual(['stop-delay', 'LAMINA_STOP_DELAY'])
})
