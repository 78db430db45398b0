import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ANONYMOUS } from '../../auth/identity.ts'
import type { Exchange, Reply } from '../exchange.ts'
import type { Route } from '../route.ts'
import { loadPageFiles, type PageFiles } from './page-files.ts'
import { pageRoutes } from './routes.ts'

let directory: string
let files: PageFiles | undefined

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lamina-page-'))
  await mkdir(join(directory, 'assets'))
  await writeFile(join(directory, 'index.html'), '<!doctype html>')
  await writeFile(join(directory, 'index.html.br'), 'br of it')
  await writeFile(join(directory, 'assets/main-1.js'), 'let a')
  await writeFile(join(directory, 'assets/main-1.js.gz'), 'gzip of it')
  await writeFile(join(directory, 'assets/notes.txt'), 'not of the page')
  files = await loadPageFiles(directory)
})

afterAll(() => rm(directory, { recursive: true, force: true }))

const get = (path: string, headers: Record<string, string> = {}) => ask(pageRoutes(files), path, headers)

function ask(routes: readonly Route[], path: string, headers: Record<string, string> = {}): Promise<Reply> {
  const file = path.startsWith('/assets/') ? path.slice('/assets/'.length) : undefined
  const route = routes.find((one) => one.path === (file === undefined ? path : '/assets/{file}'))
  if (route === undefined) throw new Error(`no route for ${path}`)
  const request = new IncomingMessage(new Socket())
  request.headers = headers
  const exchange: Exchange = {
    request,
    method: 'GET',
    params: file === undefined ? {} : { file },
    query: new URLSearchParams(),
    caller: ANONYMOUS,
    address: '::1',
    isPublic: false,
    requestId: '',
    origin: '',
    note: () => undefined,
  }
  return route.handle(exchange)
}

const text = ({ body }: Reply): string => (body instanceof Uint8Array ? Buffer.from(body).toString() : '')

describe('the page', () => {
  it('is one document for all views, asked for each time, that runs nothing but files of its own', async () => {
    const reply = await get('/grid')
    expect(text(reply)).toBe('<!doctype html>')
    expect(reply.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-frame-options': 'DENY',
    })
    const policy = reply.headers?.['content-security-policy'] ?? ''
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|\*|data:/)
  })

  it('is not sent again while it is the same', async () => {
    const { headers } = await get('/')
    const again = await get('/', { 'if-none-match': headers?.['etag'] ?? '' })
    expect(again).toMatchObject({ status: 304 })
    expect(again.body).toBeUndefined()
  })

  it.each([
    ['br, gzip', 'br', 'br of it'],
    ['gzip;q=1, br;q=0.5', 'br', 'br of it'],
    ['br;q=0', undefined, '<!doctype html>'],
    ['gzip', undefined, '<!doctype html>'],
    ['', undefined, '<!doctype html>'],
  ])('leaves in a form that the browser takes: %s', async (accepted, encoding, body) => {
    const reply = await get('/', { 'accept-encoding': accepted })
    expect(reply.headers?.['content-encoding']).toBe(encoding)
    expect(reply.headers?.['vary']).toBe('accept-encoding')
    expect(text(reply)).toBe(body)
  })

  it('has files that caches keep for ever', async () => {
    const reply = await get('/assets/main-1.js', { 'accept-encoding': 'gzip' })
    expect(reply.headers?.['cache-control']).toContain('immutable')
    expect([reply.headers?.['content-encoding'], text(reply)]).toEqual(['gzip', 'gzip of it'])
  })

  it.each(['main-2.js', 'notes.txt', '../index.html', 'main-1.js.gz', ''])('has no file %s', async (name) => {
    await expect(get(`/assets/${name}`)).rejects.toMatchObject({ status: 404 })
  })

  it('that was not built says so, and what to do', async () => {
    const absent = await loadPageFiles(join(directory, 'nowhere'))
    expect(absent).toBeUndefined()
    await expect(ask(pageRoutes(absent), '/')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(ask(pageRoutes(absent), '/')).rejects.toThrow('npm run build')
  })
})
