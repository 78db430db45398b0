import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { makeImage } from '../fixtures/image.ts'
import { expect } from '../report.ts'
import { must } from '../servers/processes.ts'
import { builtTool } from '../servers/workspace.ts'
import { type ClientTest, look, sentBytes, type World } from './world.ts'

const SIGNATURE = 'application/vnd.cncf.notary.signature'
const listed = z.object({ manifests: z.array(z.object({ artifactType: z.string() })) })

/** notation: signatures as referrers, found by their API and, as notation does unless told, by a tag of the digest. */
export const notation: ClientTest = {
  name: 'notation',
  transports: ['http'],
  run: async (world) => {
    const { report, host, registry } = world
    const image = makeImage({ layers: [{ seed: 'notation', size: 10_000 }] })
    const { digest } = image.manifest
    const app = `${host}/notation/app@${digest}`
    await report.scenario('notation: signs and verifies by the tag of the digest', async () => {
      await registry.pushImage('notation/app', image, 'v1')
      await trustOwnKey(world)
      look(world)
      await run(world, ['sign', '--insecure-registry', app])
      const wire = look(world)
      const tags = await registry.tags('notation/app')
      expect(tags.includes(digest.replace(':', '-')), `the tags are ${tags.join()}`)
      await run(world, ['verify', '--insecure-registry', app])
      return sentBytes(wire)
    })
    await report.scenario('notation: signs and verifies by the referrers API alone', async () => {
      const before = await registry.tags('notation/app')
      await run(world, ['sign', '--insecure-registry', '--force-referrers-tag=false', app])
      expect((await registry.tags('notation/app')).join() === before.join(), 'it wrote a tag')
      await run(world, ['verify', '--insecure-registry', app])
      const { body } = await registry.request('GET', `/v2/notation/app/referrers/${digest}`)
      const types = listed.parse(JSON.parse(body.toString())).manifests.map((found) => found.artifactType)
      expect(types.join() === `${SIGNATURE},${SIGNATURE}`, `the referrers are ${types.join()}`)
      return `${types.length} signatures`
    })
  },
}

/** A key made for this run, and a policy that trusts it for everything. */
async function trustOwnKey(world: World): Promise<void> {
  await run(world, ['cert', 'generate-test', '--default', 'conformance'])
  const policy = {
    name: 'all',
    registryScopes: ['*'],
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:conformance'],
    trustedIdentities: ['*'],
  }
  const folder = path.join(world.folder, 'notation')
  await mkdir(folder, { recursive: true })
  await writeFile(
    path.join(folder, 'trustpolicy.json'),
    JSON.stringify({ version: '1.0', trustPolicies: [policy] }),
  )
}

/** Its `login` takes a credential helper; the environment needs none. */
function run(world: World, args: string[]): Promise<string> {
  const env = {
    XDG_CONFIG_HOME: world.folder,
    NOTATION_USERNAME: world.user,
    NOTATION_PASSWORD: world.password,
  }
  return must(builtTool('notation'), args, { cwd: world.folder, env })
}
