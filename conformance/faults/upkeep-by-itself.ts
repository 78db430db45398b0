import { open, readdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { makeImage } from '../fixtures/image.ts'
import { expect, Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { acceptedManifests, RegistryClient } from '../servers/registry-client.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { commandsAt, says } from './commands.ts'

// What a server does by itself, with a grace of seconds: rules take tags, damage is found, space comes back.
const GRACE = 3000
const RULED = 'rules/app'
const listed = z.object({ tags: z.array(z.string()) })
const report = new Report('upkeep-by-itself', process.argv.slice(2))
const scratch = await scratchFolder('upkeep-by-itself')
const data = path.join(scratch.path, 'data')
const env = { LAMINA_GRACE: `${GRACE}ms`, LAMINA_COLLECT_EVERY: '200ms' }
const lamina = await Lamina.start({ name: 'lamina-upkeep-by-itself', data, env })
const client = new RegistryClient(lamina.url)
const { people, json, refused } = commandsAt(data)
const first = makeImage({ layers: [{ seed: 'itself-first', size: 2000 }] })
const second = makeImage({ layers: [{ seed: 'itself-second', size: 2000 }] })
try {
  await report.scenario('upkeep: rules and quotas do what they say, and tell what became of a tag', policies)
  await report.scenario('upkeep: scrub reports a flipped byte, a pull fails loudly, a push heals it', healing)
  await report.scenario('upkeep: a deleted image, and one that a rule takes, leave the disk', freeing)
} finally {
  client.close()
  await lamina.stop()
  await scratch.remove()
}
report.finish()

async function policies(): Promise<string> {
  const [rules, wrong] = [path.join(scratch.path, 'rules.json'), path.join(scratch.path, 'wrong.json')]
  const third = makeImage({ layers: [{ seed: 'upkeep-third', size: 2000 }] })
  await client.pushImage(RULED, first, 'b1')
  await client.pushImage(RULED, third, 'b2')
  await client.pushImage(RULED, second, 'v1')
  const retention = [{ name: 'builds', tags: 'b*', keepLast: 0, keepPulledDays: 0 }]
  await writeFile(rules, JSON.stringify({ retention, immutableTags: ['v*'] }))
  await writeFile(wrong, JSON.stringify({ retention: [{ name: 'all', tags: '**' }] }))
  await refused(1, 'project', 'set-policy', 'rules', wrong)
  await refused(2, 'project', 'set-policy', 'rules', path.join(scratch.path, 'absent.json'))
  await refused(1, 'project', 'preview', 'nobody')
  await sleep(GRACE)
  says(await people('project', 'preview', 'rules', rules), `${RULED}:b1`, `${RULED}:b2`, 'builds')
  says(await json('project', 'set-policy', 'rules', rules), '"builds"')
  await people('tag', 'keep', `${RULED}@${third.manifest.digest}`)
  await people('maintenance', 'run', 'retention')
  // Who may push and asks for the manifest itself would be told that it is here, and it would be spared.
  await until(async () => !(await tagsOf(RULED)).includes('b1'))
  expect((await status('GET', `/v2/${RULED}/manifests/b1`)) === 404, 'b1 can still be pulled')
  says(await people('tag', 'log', `${RULED}:b1`), 'rule builds')
  const kept = await client.manifest(RULED, 'b2')
  expect(kept.digest === third.manifest.digest, `b2 leads to ${kept.digest}`)
  await refused(1, 'rm', `${RULED}:v1`, '--yes')
  const why = () => people('gc', '--why', first.manifest.digest)
  await until(async () => (await why()).includes('could be restored until'))
  says(await why(), "by the retention rule 'builds'")
  says(await refused(1, 'tag', 'rollback', `${RULED}:b1`), "by the retention rule 'builds' on")
  says(await people('project', 'quota', 'rules', '1KiB'), 'of its quota of 1.0 KiB')
  const begun = await client.request('POST', `/v2/${RULED}/blobs/uploads/`)
  expect(
    begun.status === 403 && String(begun.body).includes('1.0 KiB'),
    `a push beyond the quota: ${begun.status}`,
  )
  await refused(2, 'project', 'quota', 'rules', 'much')
  await people('rm', `${RULED}:b2`, '--yes')
  return '15 command lines'
}

/** Flips a byte in the middle of a stored layer. */
async function healing(): Promise<string> {
  const [layer] = second.layers
  expect(layer !== undefined, 'an image without layers')
  await client.pushImage('heal/app', second, 'v1')
  const file = await open(await fileOf(layer.digest), 'r+')
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 1000)
  await file.write(Buffer.of((buffer[0] ?? 0) ^ 1), 0, 1, 1000)
  await file.close()
  await people('scrub', 'start')
  await until(async () => (await people('damaged')).includes(layer.digest))
  says(await people('gc', '--why', layer.digest), 'damaged since')
  const blob = `/v2/heal/app/blobs/${layer.digest}`
  expect((await status('GET', blob)) === 404, 'a damaged blob is given out')
  await client.pushImage('heal/app', second, 'v1')
  await client.checkBlob('heal/app', layer.digest)
  expect(!(await people('damaged')).includes(layer.digest), 'a healed blob is listed')
  return '4 command lines'
}

async function freeing(): Promise<string> {
  const large = makeImage({ layers: [{ seed: 'upkeep-large', size: 3_000_000 }] })
  const rule = path.join(scratch.path, 'untagged.json')
  await writeFile(rule, JSON.stringify({ retention: [{ name: 'untagged', keepPulledDays: 0 }] }))
  const before = await stored()
  for (const what of [large.manifest.digest, 'v1']) {
    await client.pushImage('free/app', large, 'v1')
    // What the scenarios before have left goes meanwhile, some kilobytes.
    expect((await stored()) >= before + 2_000_000, 'the image is not on the disk')
    if (what === 'v1') await people('project', 'set-policy', 'free', rule)
    expect((await status('DELETE', `/v2/free/app/manifests/${what}`)) === 202, `DELETE of ${what}`)
    await until(async () => (await stored()) < before + 1_000_000)
  }
  return 'twice 3 MB pushed, deleted and gone from the disk'
}

/** Bytes of all stored blobs. */
async function stored(): Promise<number> {
  let bytes = 0
  for (const file of await files()) bytes += (await stat(file).catch(() => undefined))?.size ?? 0
  return bytes
}

async function files(): Promise<string[]> {
  const entries = await readdir(path.join(data, 'blobs/blobs'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name))
}

async function fileOf(digest: string): Promise<string> {
  const hex = digest.slice('sha256:'.length)
  const found = (await files()).find((file) => path.basename(file).startsWith(hex))
  if (found === undefined) throw new Error(`${digest} is not stored`)
  return found
}

async function tagsOf(repository: string): Promise<readonly string[]> {
  const { body } = await client.request('GET', `/v2/${repository}/tags/list`)
  return listed.parse(JSON.parse(String(body))).tags
}

async function status(method: string, at: string): Promise<number> {
  return (await client.request(method, at, { headers: { accept: acceptedManifests } })).status
}

/** Waits for what the server does by itself; throws after two minutes. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 120_000
  while (!(await holds())) {
    expect(Date.now() < end, `it is not so: ${String(holds)}`)
    await sleep(300)
  }
}
