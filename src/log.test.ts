import { expect, test } from 'vitest'
import { createLogger } from './log.ts'

async function logged(fields: object): Promise<string> {
  let text = ''
  const log = await createLogger({ log: 'info', logFormat: 'json' }, { write: (line) => void (text += line) })
  log.info(fields, 'message')
  return text
}

test('one JSON object a line', async () => {
  expect(JSON.parse(await logged({ bytes: 5 }))).toMatchObject({ level: 30, msg: 'message', bytes: 5 })
})

test.each([
  { password: 'hunter2' },
  { authorization: 'Bearer hunter2' },
  { headers: { Authorization: 'hunter2', 'set-cookie': 'hunter2' } },
  { account: { keys: [{ secret: 'hunter2' }] } },
  { refresh_token: 'hunter2' },
  { adminPassword: 'hunter2' },
])('no secret leaves: %j', async (fields) => {
  const text = await logged(fields)
  expect(text).not.toContain('hunter2')
  expect(text).toContain('‹hidden›')
})

test('numbers and harmless names stay', async () => {
  expect(JSON.parse(await logged({ tokenSeconds: 300, project: 'demo' }))).toMatchObject({
    tokenSeconds: 300,
    project: 'demo',
  })
})

test('an error shows type, message, code and cause, and none of what libraries hang on it', async () => {
  const cause = Object.assign(new Error('inner'), { config: { key: 'hunter2' } })
  const err = Object.assign(new Error('outer', { cause }), { code: 'EIO', request: { header: 'hunter2' } })
  const text = await logged({ err })
  expect(text).not.toContain('hunter2')
  expect(JSON.parse(text)).toMatchObject({
    err: { message: 'outer', code: 'EIO', cause: { message: 'inner' } },
  })
})

test('a cycle ends', async () => {
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  expect(await logged({ loop })).toContain('…')
})

test('the object of the caller stays as it was', async () => {
  const fields = { password: 'hunter2' }
  await logged(fields)
  expect(fields.password).toBe('hunter2')
})
