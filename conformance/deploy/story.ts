import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { randomBytes } from '../fixtures/random.ts'
import { expect, type Report } from '../report.ts'
import { Containerd } from '../servers/containerd.ts'
import type { Dockerd } from '../servers/dockerd.ts'
import { Lamina } from '../servers/lamina.ts'
import { must } from '../servers/processes.ts'
import { RecordingProxy } from '../servers/recording-proxy.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { readWire, type Wire } from '../servers/wire.ts'

/** What a whole node application weighs beside the file that changes. */
const LIBRARIES = 6_000_000
const SIZED = z.array(z.object({ digest: z.string(), size: z.number() }))
const compared = z.object({ layers: z.object({ shared: SIZED, onlyA: SIZED, onlyB: SIZED }) })

interface Scene {
  readonly engine: Dockerd
  readonly lamina: Lamina
  readonly host: string
  readonly registry: RegistryClient
  readonly folder: string
  readonly key: string
  /** What crossed the wire since it was last called. */
  readonly look: () => Wire
}

/**
 * The story that this registry was made for: an image is built and pushed with the key of its project; one file
 * changes, and only that layer travels, to the registry and from there to where the image runs.
 */
export async function tellStory(report: Report, engine: Dockerd, folder: string): Promise<void> {
  const lamina = await Lamina.start({ name: 'deploy-story', data: path.join(folder, 'data') })
  const proxy = await RecordingProxy.start({ upstream: lamina.url })
  const look = (): Wire => readWire(proxy.take())
  try {
    const registry = new RegistryClient(lamina.url)
    const key = path.join(folder, 'key.json')
    const scene = { engine, lamina, registry, folder, key, look, host: `localhost:${proxy.port}` }
    await report.scenario('story: v10 is built and pushed with the key of its project', () =>
      pushFirst(scene),
    )
    await report.scenario('story: one file changes, and one layer travels', () => pushSecond(scene))
    await report.scenario('story: containerd rolls over from v10 to v11', () => rollOver(scene))
    await report.scenario('story: the API and the page show both with what they share', () => showBoth(scene))
  } finally {
    await proxy.stop()
    await lamina.stop()
  }
}

async function pushFirst(scene: Scene): Promise<string> {
  const { lamina, engine, host, key } = scene
  await lamina.command(['project', 'create', 'shop'])
  await lamina.command(['account', 'add', 'shop', 'build', '--role', 'writer', '--out', key])
  await engine.login(host, '_json_key', await readFile(key, 'utf8'))
  await makeContext(scene.folder)
  await build(scene, 'v10')
  await engine.run(['push', `${host}/shop/web:v10`])
  const { uploaded } = scene.look()
  expect(uploaded.size === 4, `${uploaded.size} blobs were sent, not three layers and a configuration`)
  return `${megabytes(bytesOf(uploaded))} sent`
}

/** A program with the libraries that it needs, what an application brings along, and the file that changes. */
async function makeContext(folder: string): Promise<void> {
  const root = path.join(folder, 'story', 'root')
  const linked = await must('ldd', ['/bin/cat'])
  const libraries = [...linked.matchAll(/(?:=> )?(\/\S+) \(/g)].map(([, file = '']) => file)
  for (const file of ['/bin/cat', ...libraries]) {
    await mkdir(path.join(root, path.dirname(file)), { recursive: true })
    await cp(file, path.join(root, file), { dereference: true })
  }
  await writeFile(path.join(folder, 'story', 'libraries.bin'), randomBytes('story', LIBRARIES))
  await writeFile(
    path.join(folder, 'story', 'Dockerfile'),
    'FROM scratch\nCOPY root /\nCOPY libraries.bin /srv/libraries.bin\nCOPY greeting /srv/greeting\nCMD ["/bin/cat", "/srv/greeting"]\n',
  )
}

async function build({ engine, folder, host }: Scene, version: string): Promise<void> {
  await writeFile(path.join(folder, 'story', 'greeting'), `this is ${version}\n`)
  await engine.run(['build', '-t', `${host}/shop/web:${version}`, path.join(folder, 'story')])
}

async function pushSecond(scene: Scene): Promise<string> {
  const { engine, host, registry } = scene
  await build(scene, 'v11')
  scene.look()
  await engine.run(['push', `${host}/shop/web:v11`])
  const { uploaded } = scene.look()
  const { content } = await registry.manifest('shop/web', 'v11')
  const wanted = [content.config, content.layers?.at(-1)].map((one) => one?.digest ?? 'nothing').toSorted()
  expect([...uploaded.keys()].toSorted().join() === wanted.join(), `sent ${[...uploaded.keys()].join()}`)
  const bytes = bytesOf(uploaded)
  expect(bytes < 10_000, `${bytes} bytes were sent for one changed line`)
  return `${bytes} bytes sent, of an image of ${megabytes(LIBRARIES)}`
}

async function rollOver({ host, look, key }: Scene): Promise<string> {
  const containerd = await Containerd.start()
  try {
    const image = `${host}/shop/web`
    const remote = [
      '--plain-http',
      '--snapshotter',
      'native',
      '--user',
      `_json_key:${await readFile(key, 'utf8')}`,
    ]
    const run = async (version: string): Promise<Wire> => {
      look()
      await containerd.ctr(['images', 'pull', ...remote, `${image}:${version}`])
      const wire = look()
      const said = await containerd.ctr([
        'run',
        '--rm',
        '--snapshotter',
        'native',
        `${image}:${version}`,
        version,
      ])
      expect(said === `this is ${version}`, `${version} says ${said}`)
      return wire
    }
    const first = await run('v10')
    const second = await run('v11')
    expect(
      second.downloaded.size === 2,
      `${second.downloaded.size} blobs came down, not a layer and a configuration`,
    )
    await run('v10')
    return `${bytesOf(first.downloaded)} bytes for v10, ${bytesOf(second.downloaded)} for v11, and back`
  } finally {
    await containerd.stop()
  }
}

async function showBoth({ registry }: Scene): Promise<string> {
  const answer = await registry.request('GET', '/api/v1/compare?a=shop/web:v10&b=shop/web:v11')
  expect(answer.status === 200, `the comparison is answered with ${answer.status}`)
  const { shared, onlyA, onlyB } = compared.parse(JSON.parse(answer.body.toString())).layers
  expect(
    [shared, onlyA, onlyB].map(({ length }) => length).join() === '2,1,1',
    `${shared.length} layers are shared, ${onlyA.length} and ${onlyB.length} are not`,
  )
  const page = await registry.request('GET', '/grid?ref=shop/web:v10&ref=shop/web:v11')
  expect(page.status === 200 && page.body.includes('<script'), `the page is answered with ${page.status}`)
  return `2 of 3 layers are the same`
}

function bytesOf(blobs: ReadonlyMap<string, number>): number {
  return [...blobs.values()].reduce((sum, size) => sum + size, 0)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
