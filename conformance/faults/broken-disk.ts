import { readdir, rename, truncate } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf, type Image, makeImage } from '../fixtures/image.ts'
import { expect, Report } from '../report.ts'
import { admin, Lamina } from '../servers/lamina.ts'
import { finish, must } from '../servers/processes.ts'
import { type Answer, RegistryClient } from '../servers/registry-client.ts'
import { projectRoot, scratchFolder } from '../servers/workspace.ts'
import { FailingCalls, LoopDisk } from './disk-faults.ts'

// What disks do beside filling up: a file system that the kernel makes read-only after an error, folders that refuse,
// reads and syncs that fail with EIO, a database whose first files are gone. Pushes are refused with a reason, pulls of
// what can be read go on, and once the disk works again everything acknowledged is there.
const REPOSITORY = 'disk/app'
/** For the server to notice and to recover, in milliseconds: it opens its database again after a failed write. */
const PATIENCE = 60_000
const OCTETS = { 'content-type': 'application/octet-stream' } as const
const report = new Report('broken-disk', process.argv.slice(2))

/** A server, what was acknowledged, and who asks for it. */
class World {
  readonly lamina: Lamina
  readonly client: RegistryClient
  readonly kept: Image[] = []

  constructor(lamina: Lamina) {
    this.lamina = lamina
    this.client = new RegistryClient(lamina.url)
  }

  async push(seed: string): Promise<void> {
    const image = makeImage({ layers: [{ seed, size: 200_000 }] })
    await this.client.pushImage(REPOSITORY, image, seed)
    this.kept.push(image)
  }

  /** Pulls everything that was acknowledged; gives how many images that are. */
  async pullAll(): Promise<number> {
    for (const { manifest, layers, config } of this.kept) {
      await this.client.manifest(REPOSITORY, manifest.digest)
      for (const { digest } of [...layers, config]) await this.client.checkBlob(REPOSITORY, digest)
    }
    return this.kept.length
  }

  /** Pushes until one is refused, which must be with a reason and soon. What is acknowledged meanwhile is owed, too. */
  async untilRefused(): Promise<string> {
    for (const end = Date.now() + PATIENCE; ; ) {
      const image = makeImage({ layers: [{ seed: `refused-${Date.now()}`, size: 1000 }] })
      const refusal = await this.#refusal(image)
      if (refusal !== undefined) return refusal
      this.kept.push(image)
      expect(Date.now() < end, 'pushes still succeed on a broken disk')
    }
  }

  async #refusal({ layers, config, manifest }: Image): Promise<string | undefined> {
    for (const { digest, bytes } of [...layers, config]) {
      const path = `/v2/${REPOSITORY}/blobs/uploads/?digest=${digest}`
      const answer = await this.client.request('POST', path, { body: bytes, headers: OCTETS })
      if (answer.status !== 201) return expectReason(answer)
    }
    const answer = await this.client.request('PUT', `/v2/${REPOSITORY}/manifests/again`, {
      body: manifest.bytes,
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    })
    return answer.status === 201 ? undefined : expectReason(answer)
  }

  /** Tries until a push works again; gives the milliseconds that took. */
  async untilPushed(seed: string): Promise<number> {
    const begun = Date.now()
    for (;;) {
      try {
        await this.push(seed)
        return Date.now() - begun
      } catch (error) {
        if (Date.now() - begun > PATIENCE) throw error
        await sleep(250)
      }
    }
  }
}

/** 503 or 507, in the OCI form. */
function expectReason({ status, body }: Answer): string {
  const text = body.toString()
  const [, code] = /"errors":\[\{"code":"([A-Z_]+)","message":"[^"]+/.exec(text) ?? []
  expect(
    (status === 503 || status === 507) && code !== undefined,
    `answered ${status}: ${text.slice(0, 200)}`,
  )
  return `${status} ${code}`
}

async function inWorld(data: string, act: (world: World) => Promise<string>): Promise<string> {
  const lamina = await Lamina.start({ name: 'lamina-broken', data, env: { LAMINA_INDEX_LAYERS: 'off' } })
  const world = new World(lamina)
  try {
    for (let index = 0; index < 3; index++) await world.push(`before-${index}`)
    return await act(world)
  } finally {
    world.client.close()
    await lamina.stop()
  }
}

/** After an error in its own structures ext4 does this to itself, whoever has files open. */
async function readOnly(): Promise<string> {
  const disk = await LoopDisk.make()
  try {
    return await inWorld(path.join(disk.mount, 'data'), async (world) => {
      await disk.breakNow()
      const refusal = await world.untilRefused()
      const pulled = await world.pullAll()
      expect(world.lamina.alive, 'the server ended')
      await world.lamina.kill()
      await disk.remount()
      await world.lamina.restart()
      const after = await world.pullAll()
      await world.untilPushed('after')
      return `${refusal}, ${pulled} images pulled meanwhile, ${after} after a repair`
    })
  } finally {
    await disk.remove()
  }
}

/** Not even root may write there; the other way of losing a right ends in the same error of the kernel. */
async function immutable(): Promise<string> {
  const scratch = await scratchFolder('immutable')
  const data = path.join(scratch.path, 'data')
  try {
    return await inWorld(data, async (world) => {
      const said: string[] = []
      for (const folder of ['blobs/uploads', 'blobs/blobs/sha256', 'metadata']) {
        await must('chattr', ['-R', '+i', path.join(data, folder)])
        try {
          said.push(`${folder}: ${await world.untilRefused()}`)
          await world.pullAll()
        } finally {
          await must('chattr', ['-R', '-i', path.join(data, folder)])
        }
        await world.untilPushed(`after-${path.basename(folder)}`)
      }
      await world.lamina.kill()
      await world.lamina.restart()
      return `${said.join(', ')}; ${await world.pullAll()} images pulled after kill -9`
    })
  } finally {
    await scratch.remove()
  }
}

/** The kernel tells of a lost page once, and a second sync succeeds: that one must not count. */
async function syncs(): Promise<string> {
  const scratch = await scratchFolder('syncs')
  try {
    return await inWorld(path.join(scratch.path, 'data'), async (world) => {
      const { client, lamina } = world
      const bytes = Buffer.alloc(300_000, 'spoiled')
      const opened = await client.request('POST', `/v2/${REPOSITORY}/blobs/uploads/`)
      const patched = await client.request('PATCH', opened.headers.location ?? '', {
        body: bytes,
        headers: OCTETS,
      })
      expect(patched.status === 202, `PATCH answered ${patched.status}`)
      const closing = `${patched.headers.location ?? ''}?digest=${digestOf(bytes)}`
      const faults = await FailingCalls.begin(lamina.pid, ['fsync', 'fdatasync'])
      const refused = expectReason(await client.request('PUT', closing))
      const others = await world.untilRefused()
      await world.pullAll()
      await faults.end()
      const again = await client.request('PUT', closing)
      expect(again.status === 404, `the same session, closed again, answered ${again.status}`)
      const recovered = await world.untilPushed('after')
      await lamina.kill()
      await lamina.restart()
      return `${refused}, others ${others}, the session ${again.status} when closed again, pushes after ${recovered} ms, ${await world.pullAll()} images pulled after kill -9`
    })
  } finally {
    await scratch.remove()
  }
}

async function reads(): Promise<string> {
  const scratch = await scratchFolder('reads')
  const data = path.join(scratch.path, 'data')
  try {
    return await inWorld(data, async (world) => {
      const [bad, ...good] = world.kept
      const [layer] = bad?.layers ?? []
      expect(bad !== undefined && layer !== undefined, 'nothing was pushed')
      const file = await fileOf(data, layer.digest)
      const faults = await FailingCalls.begin(world.lamina.pid, ['read', 'pread64', 'preadv'], ['-P', file])
      const failed = await world.client.checkBlob(REPOSITORY, layer.digest).then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(failed !== undefined, 'a blob that cannot be read was served')
      for (const { layers } of good)
        for (const { digest } of layers) await world.client.checkBlob(REPOSITORY, digest)
      await world.push('meanwhile')
      await faults.end()
      expect(world.lamina.alive, 'the server ended')
      return `that one ${failed instanceof Error ? failed.message.slice(0, 80) : ''}, ${await world.pullAll()} images pulled afterwards`
    })
  } finally {
    await scratch.remove()
  }
}

/** The names that the parts of a database begin with: without them LevelDB would begin anew, and clear the rest away. */
async function beginnings(): Promise<string> {
  const scratch = await scratchFolder('beginnings')
  const data = path.join(scratch.path, 'data')
  const metadata = path.join(data, 'metadata')
  try {
    await inWorld(data, (world) => world.pullAll().then(String))
    const manifest = (await readdir(metadata)).find((name) => name.startsWith('MANIFEST')) ?? ''
    const log = (await readdir(metadata)).find((name) => /^\d+\.log$/.test(name)) ?? ''
    const said: string[] = []
    for (const [name, damage] of [
      [log, 'gone'],
      ['CURRENT', 'gone'],
      ['CURRENT', 'empty'],
      [manifest, 'gone'],
      [manifest, 'empty'],
    ] as const) {
      const [file, aside] = [path.join(metadata, name), path.join(scratch.path, 'aside')]
      await must('cp', [file, aside])
      await (damage === 'gone' ? rename(file, path.join(scratch.path, 'gone')) : truncate(file, 0))
      const before = await readdir(metadata)
      said.push(await refusesToStart(data, `${name} ${damage}`))
      const lost = before.filter((one) => /\.(?:ldb|log)$/.test(one))
      const after = await readdir(metadata)
      expect(
        lost.every((one) => after.includes(one)),
        `${name} ${damage}: the start removed ${lost.join(', ')}`,
      )
      await must('cp', [aside, file])
    }
    const lamina = await Lamina.start({ name: 'lamina-broken', data })
    await lamina.stop()
    return `${said.length} starts refused, each with a sentence; the files put back, it starts`
  } finally {
    await scratch.remove()
  }
}

/** Starts the server, which must end with a sentence that says what to do; gives that. */
async function refusesToStart(data: string, what: string): Promise<string> {
  const env = { LAMINA_DATA: data, LAMINA_LISTEN: '127.0.0.1:0', LAMINA_ADMIN_PASSWORD: admin.password }
  const program = path.join(projectRoot, 'bin/lamina')
  const { code, stdout, stderr } = await finish(program, ['serve'], { env, patience: PATIENCE })
  const text = `${stdout}\n${stderr}`
  expect(code !== 0 && code !== undefined, `${what}: the server started`)
  expect(text.includes('lamina restore'), `${what}: does not say how to restore: ${text.slice(-400)}`)
  expect(!/^ +at /m.test(text), `${what}: shows a stack: ${text.slice(-400)}`)
  return text.trim()
}

async function fileOf(data: string, digest: string): Promise<string> {
  const hex = digest.slice('sha256:'.length)
  const folder = path.join(data, 'blobs/blobs/sha256', hex.slice(0, 2))
  const name = (await readdir(folder)).find((one) => one.startsWith(hex))
  expect(name !== undefined, `no file of ${digest}`)
  return path.join(folder, name)
}

await report.scenario('faults: a file system that turns read-only refuses pushes and serves pulls', readOnly)
await report.scenario('faults: folders that refuse to be written to', immutable)
await report.scenario(
  'faults: EIO of every sync: nothing is acknowledged on the strength of a later one',
  syncs,
)
await report.scenario('faults: EIO of reads of one blob breaks that pull and no other', reads)
await report.scenario(
  'faults: a database without its CURRENT, MANIFEST or log says how to restore it',
  beginnings,
)
report.finish()
