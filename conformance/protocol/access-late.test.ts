import { beforeAll, describe, expect, test } from 'vitest'
import { tar } from '../fixtures/tar.ts'
import { builtImage, layoutFiles } from './support/archives.ts'
import type { Client } from './support/client.ts'
import { check } from './support/exchange.ts'
import { heardEverywhere } from './support/form.ts'
import { image, index, OCI_IMAGE, OCI_INDEX } from './support/images.ts'
import { textAt } from './support/json.ts'
import { addMember, addProject, addUser, bearer, withToken } from './support/login.ts'
import { pushImage } from './support/push.ts'
import { head, RawConnection } from './support/raw.ts'
import { useServer } from './support/server.ts'
import type { Reply } from './support/wire.ts'

/**
 * A body may take hours, a byte now and then. Whoever lost a right before it was whole must not use it, and whoever has it
 * still must not be refused because a token ended meanwhile (P§3.1: "Authorise at request start only; a token expiring
 * mid-upload must not kill it").
 */
const TOKEN_SECONDS = 2
const lamina = useServer({ LAMINA_AUTH: 'on', LAMINA_TOKEN_SECONDS: String(TOKEN_SECONDS) })
const admin = () => lamina.now.admin
const MANIFEST = { type: OCI_IMAGE, ...image('access-late/first') }
const EMPTY_INDEX = index([])
let owner: Client
let squatter: Client

beforeAll(async () => {
  owner = await addUser(admin(), 'owner')
  squatter = await addUser(admin(), 'squatter')
})

interface Slow {
  readonly line: string
  readonly type: string
  readonly body: Uint8Array
}

/** Sends a request but for its last byte, lets `meanwhile` happen, and sends that byte. */
async function slowly(
  who: Client,
  { line, type, body }: Slow,
  meanwhile: () => Promise<unknown>,
): Promise<Reply> {
  const connection = await RawConnection.open(lamina.now.url)
  try {
    const lines = [`Authorization: ${who.authorization}`, `Content-Type: ${type}`]
    const length = `Content-Length: ${body.length}`
    connection.write(head(`${line} HTTP/1.1`, 'Host: x', ...lines, length, 'Expect: 100-continue'))
    // The server has let it begin: a body is asked for behind that. A proxy between may ask for it sooner.
    check(await connection.reply(), { status: 100 })
    connection.write(body.subarray(0, -1))
    await new Promise((resolve) => setTimeout(resolve, 300))
    await meanwhile()
    connection.write(body.subarray(-1))
    return await connection.reply()
  } finally {
    connection.destroy()
  }
}

const pushed = (name: string, made = MANIFEST.bytes, type = OCI_IMAGE): Slow => ({
  line: `PUT /v2/${name}/manifests/v1`,
  type,
  body: made,
})
const json = (line: string, value: unknown): Slow => ({
  line,
  type: 'application/json',
  body: Buffer.from(JSON.stringify(value)),
})

async function member(project: string, role: string): Promise<Client> {
  const user = await addUser(admin(), `${project}-${role}`)
  await addProject(admin(), project)
  await addMember(admin(), project, `${project}-${role}`, role)
  return user
}

const remove = async (project: string, role: string): Promise<void> =>
  check(await admin().delete(`/api/v1/projects/${project}/members/${project}-${role}`), { status: 204 })

describe('a right that is lost while the body comes is not used', () => {
  test('a project that somebody else made meanwhile is not pushed to', async () => {
    const reply = await slowly(squatter, pushed('unborn/app', EMPTY_INDEX.bytes, OCI_INDEX), async () =>
      pushImage(owner, 'unborn/app', image('access-late/first'), 'v1'),
    )
    check(reply, { status: 401, code: 'UNAUTHORIZED' })
    check(await owner.head('/v2/unborn/app/manifests/v1'), {
      status: 200,
      headers: { 'docker-content-digest': MANIFEST.digest },
    })
  })

  test('a writer who is removed moves no tag', async () => {
    const writer = await member('left', 'writer')
    await pushImage(writer, 'left/app', image('access-late/first'), 'v1')
    const reply = await slowly(writer, pushed('left/app', EMPTY_INDEX.bytes, OCI_INDEX), async () =>
      remove('left', 'writer'),
    )
    check(reply, { status: 401, code: 'UNAUTHORIZED' })
    check(await admin().head('/v2/left/app/manifests/v1'), {
      status: 200,
      headers: { 'docker-content-digest': MANIFEST.digest },
    })
  })

  test('an admin who is removed does not come back', async () => {
    const former = await member('back', 'admin')
    const again = json('PUT /api/v1/projects/back/members/back-admin', { role: 'admin' })
    const reply = await slowly(former, again, async () => remove('back', 'admin'))
    check(reply, { status: 404, code: 'NAME_UNKNOWN' })
    check(await former.get('/api/v1/projects/back'), { status: 404 })
  })

  test('a token that is revoked makes no other', async () => {
    const made = await owner.sendJson('POST', '/api/v1/user/tokens', { name: 'short' })
    const token = lamina.now.client.as(bearer(textAt(made.json, 'secret')))
    const reply = await slowly(token, json('POST /api/v1/user/tokens', { name: 'next' }), async () =>
      check(await owner.delete(`/api/v1/user/tokens/${textAt(made.json, 'id')}`), { status: 204 }),
    )
    check(reply, { status: 401, code: 'UNAUTHORIZED' })
    expect((await owner.get('/api/v1/user/tokens')).text).not.toContain('next')
  })

  test('a writer who is removed sets no tag by an archive', async () => {
    const writer = await member('archive', 'writer')
    const built = builtImage('access-late/archive', ['a'])
    const body = tar(layoutFiles([{ image: built, name: 'v1' }], built.blobs))
    const sent = { line: 'POST /api/v1/import?ref=archive/app:v1', type: 'application/x-tar', body }
    // All of its content is here before the right is lost: what is left is the archive's end, and the tag.
    const stored = async () => {
      const found = await Promise.all(
        built.blobs.map(async ({ digest }) => admin().head(`/v2/archive/app/blobs/${digest}`)),
      )
      return found.map(({ status }) => status)
    }
    const reply = await slowly(writer, sent, async () => {
      await expect.poll(stored, { timeout: 10_000 }).toEqual(built.blobs.map(() => 200))
      await remove('archive', 'writer')
    })
    check(reply, { status: 404, code: 'NAME_UNKNOWN' })
    check(await admin().head('/v2/archive/app/manifests/v1'), { status: 404 })
  })
})

test('a registry that becomes read-only while the body comes takes it no more', async () => {
  const writer = await member('closed', 'writer')
  const setReadOnly = async (readOnly: boolean) => {
    check(await admin().sendJson('PUT', '/api/v1/read-only', { readOnly }), { status: 200 })
    await heardEverywhere()
  }
  const reply = await slowly(writer, pushed('closed/app', EMPTY_INDEX.bytes, OCI_INDEX), async () =>
    setReadOnly(true),
  )
  await setReadOnly(false)
  check(reply, { status: 503, code: 'UNAVAILABLE' })
})

test('a token that ends while the body comes still counts', async () => {
  const writer = await member('stays', 'writer')
  for (const blob of image('access-late/first').blobs)
    check(await writer.post(`/v2/stays/app/blobs/uploads/?digest=${blob.digest}`, blob.bytes), {
      status: 201,
    })
  const token = await withToken(writer, 'repository:stays/app:pull,push')
  const reply = await slowly(token, pushed('stays/app'), async () => {
    await new Promise((resolve) => setTimeout(resolve, (TOKEN_SECONDS + 1) * 1000))
    check(await token.get('/v2/stays/app/tags/list'), { status: 401 })
  })
  check(reply, { status: 201 })
})
