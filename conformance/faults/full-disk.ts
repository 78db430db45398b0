import { mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Image, makeImage } from '../fixtures/image.ts'
import { expect, Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { must } from '../servers/processes.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { scratchFolder } from '../servers/workspace.ts'

// A data directory on a small tmpfs that someone else fills: pushes are refused with a reason, pulls go on, nothing
// acknowledged is lost, and pushes work again when there is space.
const MiB = 2 ** 20
const report = new Report('full-disk')
const scratch = await scratchFolder('disk')
const mount = path.join(scratch.path, 'mount')
await mkdir(mount)
try {
  await mounted('size=640m', scenarios)
  await mounted('size=900m,nr_inodes=1500', () =>
    report.scenario(
      'faults: with no file free pulls go on, and all is there when there are some',
      withoutFiles,
    ),
  )
} finally {
  await scratch.remove()
}
report.finish()

async function mounted(options: string, act: () => Promise<unknown>): Promise<void> {
  await must('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', mount])
  try {
    await act()
  } finally {
    await must('umount', ['--lazy', mount])
  }
}

async function scenarios(): Promise<void> {
  const lamina = await Lamina.start({ name: 'lamina-disk', data: path.join(mount, 'data') })
  const client = new RegistryClient(lamina.url)
  const kept: Image[] = []
  const push = async (seed: string): Promise<void> => {
    const image = makeImage({ layers: [{ seed, size: 400_000 }] })
    await client.pushImage('disk/app', image, seed)
    kept.push(image)
  }
  try {
    await report.scenario('faults: below the reserve pushes are refused and pulls go on', async () => {
      for (let index = 0; index < 5; index++) await push(`before-${index}`)
      await fillUntilFree(150 * MiB)
      const status = await refused(client)
      return `${status}, ${await checkAll(client, kept)} images pulled`
    })
    await report.scenario('faults: with no byte free the server lives and pulls go on', async () => {
      await fillUntilFree(0)
      const status = await refused(client)
      expect(lamina.alive, 'the server ended')
      return `${status}, ${await checkAll(client, kept)} images pulled`
    })
    await report.scenario('faults: with no byte free what is stored can be checked', async () => {
      const said = await lamina.command(['fsck'])
      expect(said.includes('No problems.'), `fsck says ${said}`)
      return said.includes('Only this server') ? 'without a record of it' : 'with a record of it'
    })
    await report.scenario('faults: pushes work again when space returns', async () => {
      await rm(path.join(mount, 'filler'))
      const begun = Date.now()
      while (!(await worksAgain(push))) {
        expect(Date.now() - begun < 30_000, 'pushes are still refused 30 s after space returned')
        await sleep(250)
      }
      for (let index = 0; index < 100; index++) await push(`after-${index}`)
      return `after ${Date.now() - begun} ms, ${kept.length} images`
    })
    await report.scenario('faults: kill -9 after a full disk loses nothing', async () => {
      await lamina.kill()
      await lamina.restart()
      return `${await checkAll(client, kept)} images pulled`
    })
  } finally {
    client.close()
    await lamina.stop()
  }
}

async function worksAgain(push: (seed: string) => Promise<void>): Promise<boolean> {
  return push('again').then(
    () => true,
    () => false,
  )
}

/** Tries to push until the server notices the full disk; its answer must be 507 or 503 with an OCI error. */
async function refused(client: RegistryClient): Promise<string> {
  const begun = Date.now()
  for (let index = 0; ; index++) {
    const answer = await client.request('POST', '/v2/disk/app/blobs/uploads/')
    if (answer.status === 507 || answer.status === 503) {
      const text = answer.body.toString()
      expect(
        /"errors":\[\{"code":"[A-Z_]+","message":"[^"]+/.test(text),
        `${answer.status} without a reason: ${text}`,
      )
      return `${answer.status} ${/"code":"([A-Z_]+)"/.exec(text)?.[1] ?? ''}`
    }
    expect(answer.status === 202, `POST of an upload answered ${answer.status}`)
    expect(Date.now() - begun < 15_000, 'uploads are still accepted after 15 s')
    await sleep(200)
  }
}

async function checkAll(client: RegistryClient, images: readonly Image[]): Promise<number> {
  for (const { manifest, layers, config } of images) {
    await client.manifest('disk/app', manifest.digest)
    for (const { digest } of [...layers, config]) await client.checkBlob('disk/app', digest)
  }
  return images.length
}

/** Writes a file that leaves about this much free; with 0 until the file system refuses. */
async function fillUntilFree(target: number): Promise<void> {
  const free = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(mount)
    return bavail * bsize
  }
  for (let left = await free(); left > target; left = await free()) {
    const chunk = Buffer.alloc(Math.max(4096, Math.min(32 * MiB, left - target)))
    try {
      await writeFile(path.join(mount, 'filler'), chunk, { flag: 'a' })
    } catch (error) {
      // The server writes, too, and may have taken what was free a moment ago: then there is nothing left.
      if (target === 0 && error instanceof Error && 'code' in error && error.code === 'ENOSPC') return
      throw error
    }
  }
}

/** Bytes are free, files are not: the records' log fills up, and the next one cannot be made. */
async function withoutFiles(): Promise<string> {
  const lamina = await Lamina.start({ name: 'lamina-files', data: path.join(mount, 'data') })
  const client = new RegistryClient(lamina.url)
  const images = Array.from({ length: 3 }, (_, at) =>
    makeImage({ layers: [{ seed: `files-${at}`, size: 5000 }] }),
  )
  try {
    for (const image of images) await client.pushImage('disk/app', image, 'v1')
    const used = await takeAllFiles()
    const refusal = await refused(client)
    const tagged = await tagUntilRefused(client, images[0])
    await checkAll(client, images)
    await rm(path.join(mount, 'files'), { recursive: true })
    const begun = Date.now()
    while (
      !(await worksAgain((seed) =>
        client.pushImage('disk/app', images[1] ?? makeImage({ layers: [] }), seed),
      ))
    )
      expect(Date.now() - begun < 30_000, 'pushes are still refused 30 s after there were files')
    await lamina.kill()
    await lamina.restart()
    return `${used} files, ${refusal}, ${tagged} hundred tags, ${await checkAll(client, images)} images pulled`
  } finally {
    client.close()
    await lamina.stop()
  }
}

async function takeAllFiles(): Promise<number> {
  await mkdir(path.join(mount, 'files'))
  for (let made = 0; ; made++) {
    try {
      await writeFile(path.join(mount, 'files', String(made)), '')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return made
      throw error
    }
  }
}

/** Records alone, a hundred tags at a time; gives how often that went well. */
async function tagUntilRefused(client: RegistryClient, image: Image | undefined): Promise<number> {
  expect(image !== undefined, 'there is no image')
  const { digest, bytes } = image.manifest
  for (let put = 0; put < 2000; put++) {
    const query = Array.from({ length: 100 }, (_, at) => `tag=t${put}-${at}`).join('&')
    const { status } = await client.request('PUT', `/v2/disk/app/manifests/${digest}?${query}`, {
      body: bytes,
      headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
    })
    if (status === 507 || status === 503) return put
    expect(status === 201, `PUT of tags answered ${status}`)
  }
  throw new Error('no log of the records was full')
}
