import { describe, expect, test } from 'vitest'
import { check, type Exchange, play } from './support/exchange.ts'
import { blob } from './support/images.ts'
import { closing, locationOf, pushBlob } from './support/push.ts'
import { useOpenRegistry } from './support/server.ts'

/** P§1.3: cross-repository mount, without access control. access-mount.test.ts has the rest. */
const lamina = useOpenRegistry()
const client = () => lamina.now.client
const SOURCE = 'mount/source'
const NEVER = blob('mount/never pushed', 9).digest

/** "201 + Location [M] + DCD" */
function mounted(name: string, digest: string): Exchange['expect'] {
  return {
    status: 201,
    headers: { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest },
    body: '',
  }
}

function post(name: string, query: string): Exchange['send'] {
  return { method: 'POST', path: `/v2/${name}/blobs/uploads/?${query}`, body: '' }
}

const one = blob('mount/one', 500)

const TABLE: readonly Exchange[] = [
  {
    name: 'from a repository that has it: 201, and readable at once',
    given: (client) => pushBlob(client, SOURCE, one),
    send: post('mount/a', `mount=${one.digest}&from=${SOURCE}`),
    expect: mounted('mount/a', one.digest),
    after: async (client) =>
      check(await client.get(`/v2/mount/a/blobs/${one.digest}`), { status: 200, body: one.bytes }),
  },
  {
    name: 'with an encoded digest and source',
    send: post('mount/b', `mount=${encodeURIComponent(one.digest)}&from=${encodeURIComponent(SOURCE)}`),
    expect: mounted('mount/b', one.digest),
  },
  {
    name: 'again into a repository that has it: 201',
    send: post('mount/a', `mount=${one.digest}&from=${SOURCE}`),
    expect: mounted('mount/a', one.digest),
  },
  // "Mount without `from` […] search blobs in repos the caller may READ; also 201 if already in target."
  {
    name: 'without from, found in another repository: 201',
    send: post('mount/c', `mount=${one.digest}`),
    expect: mounted('mount/c', one.digest),
  },
  {
    name: 'without from, already in the target: 201',
    send: post(SOURCE, `mount=${one.digest}`),
    expect: mounted(SOURCE, one.digest),
  },
  {
    name: 'with an empty from: as without',
    send: post('mount/d', `mount=${one.digest}&from=`),
    expect: { status: [201, 202] },
  },
  {
    name: 'under a sha512: 201 with the sha512',
    given: (client) => pushBlob(client, SOURCE, blob('mount/512', 40), blob('mount/512', 40).sha512),
    send: post('mount/e', `mount=${blob('mount/512', 40).sha512}&from=${SOURCE}`),
    expect: mounted('mount/e', blob('mount/512', 40).sha512),
    after: async (client) =>
      check(await client.get(`/v2/mount/e/blobs/${blob('mount/512', 40).sha512}`), {
        status: 200,
        body: blob('mount/512', 40).bytes,
      }),
  },
  // "Miss → 202 with a usable session. Old suite: unknown digest must be 202"
  ...[
    ['an unknown digest, without from', `mount=${NEVER}`],
    ['an unknown digest, with from', `mount=${NEVER}&from=${SOURCE}`],
    ['from a repository that does not exist', `mount=${NEVER}&from=no/such/repository`],
    // "GG adds `origin=<host>` and a `from` that lives on ANOTHER registry: answer 202, not an error."
    ['from another registry', `mount=${NEVER}&from=library%2Falpine&origin=index.docker.io`],
    ['from a name that is none', `mount=${NEVER}&from=Not:A..Name`],
  ].map(
    ([name = '', query = '']): Exchange => ({
      name: `${name}: 202 and a session that works`,
      send: post('mount/missed', query),
      expect: {
        status: 202,
        headers: {
          range: '0-0',
          'docker-upload-uuid': /\S/,
          location: /^\/v2\/mount\/missed\/blobs\/uploads\//,
        },
      },
      after: async (client, reply) => {
        const made = blob(`mount/${name}`, 70)
        check(await client.put(closing(locationOf(reply), made.digest), made.bytes), { status: 201 })
      },
    }),
  ),
  // Malformed digest on push: 400 DIGEST_INVALID.
  ...['sha256:short', 'nonsense', `md5:${'0'.repeat(32)}`].map(
    (digest): Exchange => ({
      name: `mount=${digest.slice(0, 12)} is refused`,
      send: post('mount/bad', `mount=${digest}&from=${SOURCE}`),
      expect: { status: 400, code: 'DIGEST_INVALID' },
    }),
  ),
  // "Repeated ones must not crash [N]"
  ...[
    `mount=${one.digest}&mount=${one.digest}&from=${SOURCE}`,
    `mount=${one.digest}&from=${SOURCE}&from=no/such`,
    `mount=${one.digest}&mount=${NEVER}`,
  ].map(
    (query): Exchange => ({
      name: `repeated parameters do not crash: ${query.replaceAll(/[0-9a-f]{60,}/g, '…')}`,
      send: post('mount/repeated', query),
      expect: { status: [201, 202, 400] },
    }),
  ),
]

describe('a mount', () => play(TABLE, client))

describe('a mounted blob', () => {
  // "Linking is per repo; content stored once."
  test('outlives the source, and its deletion leaves the source alone', async () => {
    const made = blob('mount/outlives', 300)
    await pushBlob(client(), 'mount/left', made)
    await client().post(`/v2/mount/right/blobs/uploads/?mount=${made.digest}&from=mount/left`)
    check(await client().delete(`/v2/mount/left/blobs/${made.digest}`), { status: 202 })
    check(await client().get(`/v2/mount/left/blobs/${made.digest}`), { status: 404 })
    check(await client().get(`/v2/mount/right/blobs/${made.digest}`), { status: 200, body: made.bytes })
    // Deleted in the source: no longer to be mounted from it, though the bytes are known.
    const again = await client().post(`/v2/mount/third/blobs/uploads/?mount=${made.digest}&from=mount/left`)
    expect([201, 202]).toContain(again.status)
    check(await client().delete(`/v2/mount/right/blobs/${made.digest}`), { status: 202 })
    check(await client().get(`/v2/mount/right/blobs/${made.digest}`), { status: 404 })
  })

  test('is not to be mounted any more when the last repository dropped it', async () => {
    const made = blob('mount/last', 300)
    await pushBlob(client(), 'mount/last', made)
    check(await client().delete(`/v2/mount/last/blobs/${made.digest}`), { status: 202 })
    check(await client().post(`/v2/mount/after/blobs/uploads/?mount=${made.digest}`), { status: 202 })
    check(await client().post(`/v2/mount/after/blobs/uploads/?mount=${made.digest}&from=mount/last`), {
      status: 202,
    })
    check(await client().get(`/v2/mount/after/blobs/${made.digest}`), { status: 404 })
  })
})
