import { describe, expect, test } from 'vitest'
import { check } from './support/exchange.ts'
import { at, fieldsOf, listAt } from './support/json.ts'
import { addUser } from './support/login.ts'
import { useServer } from './support/server.ts'

const SECRET = 'a secret that nobody may be shown, ever'
const lamina = useServer({ LAMINA_SECRET: SECRET })
const PATHS = [
  ['GET', '/debug'],
  ['POST', '/debug/cpu-profile?seconds=1'],
] as const

describe('the process from inside', () => {
  test.each(PATHS)('%s %s is for the administrator alone', async (method, path) => {
    const { client, admin } = lamina.now
    check(await client.ask({ method, path }), { status: 401, code: 'UNAUTHORIZED' })
    const nobody = await addUser(admin, `of-${method.toLowerCase()}`)
    check(await nobody.ask({ method, path }), { status: 403, code: 'DENIED' })
  })

  test('shows memory, event loop, what is under way, and the configuration without secrets', async () => {
    const reply = await lamina.now.admin.get('/debug')
    expect(reply.status).toBe(200)
    expect(reply.header('cache-control')).toBe('no-store')
    expect(at(reply.json, 'memory', 'heapUsed')).toBeGreaterThan(1_000_000)
    expect(at(reply.json, 'memory', 'heapLimit')).toBeGreaterThan(1_000_000)
    expect(at(reply.json, 'eventLoop', 'delayMax')).toBeGreaterThanOrEqual(0)
    expect(at(reply.json, 'requests')).toBe(1)
    expect(at(reply.json, 'uploads')).toBe(0)
    expect(fieldsOf(at(reply.json, 'handles'))).toHaveProperty('TCPServerWrap')
    expect(fieldsOf(at(reply.json, 'configuration'))).toMatchObject({
      secret: '‹set›',
      'admin-password': '‹set›',
      grace: 86_400_000,
    })
    expect(reply.text).not.toContain(SECRET)
    expect(reply.text).not.toContain('horse')
  })

  test('profiles for so many seconds, one at a time', async () => {
    const { admin } = lamina.now
    const begun = performance.now()
    const [first, second] = await Promise.all(
      [1, 1].map((seconds) => admin.post(`/debug/cpu-profile?seconds=${seconds}`)),
    )
    expect(performance.now() - begun).toBeGreaterThan(900)
    const [made, refused] = first?.status === 200 ? [first, second] : [second, first]
    expect(listAt(made?.json, 'nodes').length).toBeGreaterThan(0)
    expect(refused?.status).toBe(409)
    check(await admin.post('/debug/cpu-profile?seconds=61'), { status: 400, code: 'REQUEST_INVALID' })
  })
})
