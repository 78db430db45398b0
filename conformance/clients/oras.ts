import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { digestOf } from '../fixtures/image.ts'
import { randomBytes } from '../fixtures/random.ts'
import { expect } from '../report.ts'
import { must } from '../servers/processes.ts'
import { builtTool } from '../servers/workspace.ts'
import { type ClientTest, look, sentBytes, type World } from './world.ts'

const discovered = z.object({
  referrers: z.array(z.object({ digest: z.string(), artifactType: z.string() })),
})

/** oras: artifacts, and references between them. */
export const oras: ClientTest = {
  name: 'oras',
  transports: ['http'],
  run: async (world) => {
    const { report, host, folder, registry } = world
    const app = `${host}/oras/app`
    const bytes = randomBytes('oras-artifact', 500_000)
    await mkdir(folder, { recursive: true })
    await report.scenario('oras: login and push', async () => {
      await writeFile(path.join(folder, 'artifact.bin'), bytes)
      await run(world, ['login', '--plain-http', '-u', world.user, '-p', world.password, host])
      look(world)
      await run(world, [
        'push',
        '--plain-http',
        '--artifact-type',
        'application/vnd.example.thing',
        `${app}:v1`,
        'artifact.bin:application/octet-stream',
      ])
      const wire = look(world)
      expect(wire.uploaded.get(digestOf(bytes)) === bytes.length, 'the artifact was not sent once and whole')
      return sentBytes(wire)
    })
    await report.scenario('oras: attach sends a reference, discover finds it', async () => {
      await writeFile(path.join(folder, 'signature.txt'), 'signed by code\n')
      await run(world, [
        'attach',
        '--plain-http',
        '--artifact-type',
        'application/vnd.example.signature',
        `${app}:v1`,
        'signature.txt:text/plain',
      ])
      const wire = look(world)
      expect(!wire.uploaded.has(digestOf(bytes)), 'the artifact itself was sent again')
      const found = discovered.parse(
        JSON.parse(await run(world, ['discover', '--plain-http', '--format', 'json', `${app}:v1`])),
      )
      const types = found.referrers.map(({ artifactType }) => artifactType)
      expect(types.join() === 'application/vnd.example.signature', `discover says ${types.join()}`)
      expect(
        !(await registry.tags('oras/app')).some((tag) => tag.startsWith('sha256-')),
        'oras fell back to tags',
      )
      return sentBytes(wire)
    })
    await report.scenario('oras: pull gives the same file', async () => {
      await run(world, ['pull', '--plain-http', '-o', 'pulled', `${app}:v1`])
      const pulled = await readFile(path.join(folder, 'pulled/artifact.bin'))
      expect(pulled.equals(bytes), 'the file came back changed')
      return `${pulled.length} bytes`
    })
    await report.scenario('oras: a user makes projects with what looks before it pushes', () =>
      pushAsUser(world),
    )
  },
}

/** `push` asks for the right to push at once; these look first, with a token for pull alone, as all made with oras-go does. */
async function pushAsUser(world: World): Promise<string> {
  const { host, registry } = world
  const user = { name: 'oras-user', password: 'Looks-first-2718' }
  const made = await registry.request('POST', '/api/v1/users', {
    body: Buffer.from(JSON.stringify(user)),
    headers: { 'content-type': 'application/json' },
  })
  expect(made.status === 201, `the user was not made: ${made.status} ${made.body.toString()}`)
  const as = ['--plain-http', '-u', user.name, '-p', user.password]
  await run(world, ['blob', 'push', ...as, `${host}/oras-blob/app`, 'artifact.bin'])
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] }
  await writeFile(path.join(world.folder, 'index.json'), JSON.stringify(index))
  await run(world, ['manifest', 'push', ...as, `${host}/oras-manifest/app:v1`, 'index.json'])
  const tags = await registry.tags('oras-manifest/app')
  expect(tags.join() === 'v1', `the tags are ${tags.join()}`)
  return 'two projects'
}

function run(world: World, args: string[]): Promise<string> {
  return must(builtTool('oras'), args, {
    cwd: world.folder,
    env: { DOCKER_CONFIG: path.join(world.folder, 'docker') },
  })
}
