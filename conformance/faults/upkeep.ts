import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Image, makeImage } from '../fixtures/image.ts'
import { expect, Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { scratchFolder } from '../servers/workspace.ts'
import { commandsAt, says } from './commands.ts'

// The commands that keep a registry well, typed at a running server: what each prints for people and, with --json, for
// programs, and how it refuses.
const REPOSITORY = 'keep/app'
const ABSENT = `sha256:${'0'.repeat(64)}`
const report = new Report('upkeep', process.argv.slice(2))
const scratch = await scratchFolder('upkeep')
const data = path.join(scratch.path, 'data')
const lamina = await Lamina.start({ name: 'lamina-upkeep', data })
const client = new RegistryClient(lamina.url)
const { run, people, json, refused } = commandsAt(data)
const first = makeImage({ layers: [{ seed: 'upkeep-first', size: 2000 }] })
const second = makeImage({ layers: [{ seed: 'upkeep-second', size: 2000 }] })
try {
  await client.pushImage(REPOSITORY, first, 'v1')
  await client.pushImage(REPOSITORY, second, 'v2')
  await report.scenario('upkeep: lamina gc collects, says what waits, and what keeps a blob', collecting)
  await report.scenario('upkeep: lamina tag tells where a tag led, and brings back what was deleted', tags)
  await report.scenario('upkeep: lamina fsck, scrub and damaged find a sound registry sound', checking)
  await report.scenario('upkeep: lamina backup writes where it is told, and says why not elsewhere', backup)
  await report.scenario('upkeep: lamina rm takes a repository', removing)
} finally {
  client.close()
  await lamina.stop()
  await scratch.remove()
}
report.finish()

async function collecting(): Promise<string> {
  const layer = first.layers[0]?.digest ?? ''
  says(await json('gc'), '"reviewed"', '"removed"')
  says(await json('gc', '--dry-run'), '"complete": true')
  says(await json('gc', '--why', layer), first.manifest.digest, '"v1"', `"${REPOSITORY}"`)
  says(await people('gc', '--why', layer), first.manifest.digest, 'v1')
  says(await people('gc', '--why', first.manifest.digest), 'tag v1', 'a tag leads to it')
  await refused(1, 'gc', '--why', ABSENT)
  await refused(1, 'gc', '--why', 'v1')
  await refused(2, 'gc', '--dry-run', '--why', layer)
  return '8 command lines'
}

async function tags(): Promise<string> {
  await client.putManifest(REPOSITORY, second, 'v1')
  says(await json('tag', 'log', `${REPOSITORY}:v1`), first.manifest.digest, second.manifest.digest)
  says(await people('tag', 'log', `${REPOSITORY}:v1`), second.manifest.digest.slice(0, 19))
  await json('tag', 'rollback', `${REPOSITORY}:v1`)
  await leadsTo('v1', first)
  const path = `/v2/${REPOSITORY}/manifests/${first.manifest.digest}`
  const { status } = await client.request('DELETE', path)
  expect(status === 202, `DELETE of a manifest answered ${status}`)
  says(await people('tag', 'deleted', REPOSITORY), first.manifest.digest)
  says(await people('gc', '--why', first.manifest.digest), 'deleted by user:admin', 'can be restored until')
  await people('tag', 'restore', `${REPOSITORY}@${first.manifest.digest}`)
  await leadsTo('v1', first)
  await refused(1, 'tag', 'restore', `${REPOSITORY}@${ABSENT}`)
  await refused(1, 'tag', 'log', 'keep/nothing:v1')
  await refused(1, 'tag', 'rollback', `${REPOSITORY}:never`)
  return '8 command lines'
}

async function checking(): Promise<string> {
  await json('fsck')
  await people('fsck')
  await json('scrub', 'start')
  await people('scrub', 'show')
  await json('damaged')
  await refused(2, 'fsck', '--mend')
  return '6 command lines'
}

async function backup(): Promise<string> {
  const [target, other] = [path.join(scratch.path, 'backup'), path.join(scratch.path, 'other')]
  says(await json('backup', '--to', target), '"state": "done"', '"damaged": []')
  await people('backup', '--to', target)
  await mkdir(other)
  await writeFile(path.join(other, 'letter'), '')
  await refused(1, 'backup', '--to', other)
  return '3 command lines'
}

async function removing(): Promise<string> {
  const asked = await run('rm', REPOSITORY)
  expect(asked.code === 1, `rm without --yes ended with ${asked.code}`)
  await leadsTo('v2', second)
  await json('rm', REPOSITORY, '--yes')
  const { status } = await client.request('GET', `/v2/${REPOSITORY}/manifests/v2`)
  expect(status === 404, `a manifest of the deleted repository answered ${status}`)
  await refused(1, 'rm', REPOSITORY, '--yes')
  return '3 command lines'
}

async function leadsTo(tag: string, { manifest }: Image): Promise<void> {
  const { digest } = await client.manifest(REPOSITORY, tag)
  expect(digest === manifest.digest, `${tag} leads to ${digest}`)
}
