import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { tar } from '../fixtures/tar.ts'
import { check } from './support/exchange.ts'
import {
  content,
  descriptor,
  type Image,
  manifest,
  OCI_CONFIG,
  OCI_IMAGE,
  OCI_LAYER,
} from './support/images.ts'
import { textAt } from './support/json.ts'
import { strayings } from './support/openapi.ts'
import { pushImage } from './support/push.ts'
import { useServer } from './support/server.ts'

/** Images of more layers than any engine mounts, which anyone may push: decision 115. */
const lamina = useServer()

const layer = content(gzipSync(tar([{ name: 'etc/config', body: Buffer.from('x') }])))
const config = content(Buffer.from('{}'))

/** One layer, named `count` times. */
function imageOf(count: number): Image {
  const made = manifest({
    schemaVersion: 2,
    mediaType: OCI_IMAGE,
    config: descriptor(OCI_CONFIG, config),
    layers: Array.from({ length: count }, () => descriptor(OCI_LAYER, layer)),
  })
  return { ...made, blobs: [config, layer] }
}

const OF = 'ref=many/layers:over'

beforeAll(async () => {
  await pushImage(lamina.now.admin, 'many/layers', imageOf(500), 'most')
  await pushImage(lamina.now.admin, 'many/layers', imageOf(501), 'over')
  const isIndexed = async () => {
    const { json } = await lamina.now.admin.get(`/api/v1/layer/${layer.digest}/index`)
    expect(textAt(json, 'state')).toBe('done')
  }
  await vi.waitFor(isIndexed, { timeout: 20_000, interval: 100 })
})

describe('an image of more than 500 layers', () => {
  test.each([
    ['getImageTree', `image/tree?${OF}&path=/`],
    ['getImageFile', `image/file?${OF}&path=/etc/config`],
    ['getWaste', `image/waste?${OF}`],
    ['getHints', `image/hints?${OF}`],
    ['findFiles', `image/files?${OF}&q=config`],
    ['getPackages', `image/packages?${OF}`],
    ['compareImages', 'compare?a=many/layers:most&b=many/layers:over'],
  ])('%s says that its files are not listed, and where they are', async (operation, path) => {
    const reply = await lamina.now.admin.get(`/api/v1/${path}`)
    expect(strayings(operation, reply), reply.text.slice(0, 500)).toEqual([])
    check(reply, { status: 422, code: 'UNSUPPORTED' })
    expect(reply.text).toMatch(/501 layers.*look into its layers one by one/)
  })

  test('is shown step by step all the same', async () => {
    const reply = await lamina.now.admin.get(`/api/v1/image?${OF}`)
    check(reply, { status: 200 })
    expect(strayings('getImage', reply)).toEqual([])
  })
})
