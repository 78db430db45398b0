import path from 'node:path'
import { Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { must } from '../servers/processes.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { nodeBinary, projectRoot, scratchFolder } from '../servers/workspace.ts'
import { ARCHIVE_TASKS, chooseArchive, sendText } from './archive-tasks.ts'
import { launch, openSession } from './browser.ts'
import { FILE_TASKS } from './file-tasks.ts'
import { FIND_TASKS } from './find-tasks.ts'
import { driveHeard } from './heard.ts'
import { driveInSight } from './in-sight.ts'
import { driveLongLists } from './long-lists.ts'
import { lookAt, type Scene } from './looks.ts'
import { MANAGE_TASKS, RETENTION_TASKS } from './manage-tasks.ts'
import { drivePlaces } from './places.ts'
import { driveRights } from './rights.ts'
import { driveSafety } from './safety.ts'
import { seed, seedHostile, seedSpare, seedViewer } from './seed.ts'
import { driveTasks, signInByKeyboard, TASKS } from './tasks.ts'
import { driveUploadTrouble } from './upload-trouble.ts'

// `npm run test:page`: the web page in Debian's Chromium, by mouse and by keyboard, looked at in three widths. With words
// behind it (`npm run test:page -- badge`) only what they name.
const FIVE = 'i=demo/app:v10&i=demo/app:v11&i=demo/worker:v1&i=tools/backup:v1&i=tools/worker:alpine'

const EMPTY: readonly Scene[] = [
  { name: 'empty-home', address: '/' },
  { name: 'empty-grid', address: 'grid' },
  { name: 'empty-compare', address: 'compare' },
  { name: 'account', address: 'account' },
]

const OLD: readonly Scene[] = [{ name: 'retention', address: 'project?name=demo&part=retention' }]

const REAL: readonly Scene[] = [
  { name: 'home', address: '/' },
  { name: 'search', address: '?q=v1' },
  { name: 'image-with-found-files', address: 'image?ref=demo/app:v11&find=package' },
  { name: 'image-with-large-files', address: 'image?ref=demo/app:v11&min=1 MB&files=size' },
  { name: 'image-with-packages', address: 'image?ref=demo/app:v11&open=packages' },
  { name: 'image-with-hints', address: 'image?ref=demo/app:v11&open=hints' },
  { name: 'project', address: 'project?name=demo' },
  { name: 'accounts', address: 'project?name=demo&part=accounts' },
  {
    name: 'badge-keys',
    address: 'project?name=demo&part=badges',
    act: async (page) => {
      await page.getByText('Make a badge key').click()
      await page.getByLabel('Repository', { exact: true }).fill('demo/worker')
      await page.getByRole('button', { name: 'Make the key' }).click()
      await page.getByLabel('Tag that it shows').fill('v1')
      await page.getByRole('button', { name: /^Take back/ }).waitFor()
    },
  },
  { name: 'settings', address: 'project?name=demo&part=settings' },
  { name: 'repository', address: 'repository?name=demo/app' },
  {
    name: 'delete',
    address: 'repository?name=demo/spare&open=deleted',
    act: async (page) => {
      await page.getByRole('button', { name: 'Delete three' }).click()
      await page.getByText('Goes: 2 blobs').waitFor()
    },
  },
  {
    name: 'history',
    address: 'repository?name=demo/spare',
    act: async (page) => {
      await page.getByRole('button', { name: 'History of current' }).click()
      await page.getByText('now', { exact: true }).waitFor()
    },
  },
  { name: 'found-tags', address: 'repository?name=demo/app&find=v1' },
  { name: 'image', address: 'image?ref=demo/app:v11&step=9' },
  { name: 'image-of-platforms', address: 'image?ref=tools/backup:v1&open=platforms,raw' },
  { name: 'image-with-signatures', address: 'image?ref=demo/app:v11&open=referrers' },
  {
    name: 'artifact',
    address: 'image?ref=demo/app:v11&open=referrers',
    act: async (page) => {
      await page.getByRole('link', { name: 'Bill of materials' }).click()
      await page.getByRole('region', { name: 'Text of the file' }).waitFor()
    },
  },
  { name: 'image-with-family', address: 'image?ref=tools/node:24&open=lineage' },
  {
    name: 'badge',
    address: 'image?ref=tools/node:24',
    act: (page) => page.getByRole('button', { name: 'Badge' }).click(),
  },
  { name: 'image-with-waste', address: 'image?ref=demo/app:v11&open=waste' },
  { name: 'file', address: 'file?ref=demo/app:v11&path=app/package.json' },
  { name: 'file-with-long-lines', address: 'file?ref=demo/app:v11&path=app/package-lock.json&wrap' },
  { name: 'file-of-bytes', address: 'file?ref=demo/app:v11&path=usr/bin/bash&offset=262144' },
  { name: 'file-that-is-gone', address: 'file?ref=demo/app:v11&path=app/.env&upto=4' },
  {
    name: 'layer',
    address: 'image?ref=demo/app:v11&step=8',
    act: async (page) => {
      await page.getByRole('link', { name: 'its own files' }).click()
      await page.getByRole('button', { name: 'app/' }).waitFor()
    },
  },
  {
    name: 'grid',
    address: `grid?${FIVE}&lock=demo/app:v11`,
    act: (page) => page.getByRole('region', { name: 'Journal' }).getByText('ENTRYPOINT').waitFor(),
  },
  { name: 'grid-to-scale', address: `grid?${FIVE}&as=icicle` },
  { name: 'grid-as-table', address: `grid?${FIVE}&as=table` },
  {
    name: 'upload',
    address: 'upload?to=demo/looked-at:v1',
    act: async (page) => {
      await chooseArchive(page, 'looked-at')
      await page.getByRole('button', { name: 'Send' }).click()
      await page.getByText('1 image can be pulled').waitFor()
    },
  },
  { name: 'upload-refused', address: 'upload?to=demo/refused:v1', act: sendText },
  { name: 'docs', address: 'docs?q=project' },
  { name: 'compare', address: 'compare?a=demo/app:v10&b=demo/app:v11' },
  {
    name: 'compare-lines',
    address: 'compare?a=demo/app:v10&b=demo/app:v11&lines=app/version.txt',
    act: (page) => page.getByText('1 line removed, 1 added').waitFor(),
  },
  { name: 'pull-cost', address: 'pull?have=demo/app:v10&want=demo/app:v11' },
  { name: 'deduplication', address: 'deduplication?project=demo' },
  { name: 'not-there', address: 'image?ref=demo/nothing:v1' },
  { name: 'hostile-image', address: 'image?ref=zoo/hostile:latest&step=2' },
  { name: 'hostile-repository', address: 'repository?name=zoo/hostile' },
  { name: 'many-steps', address: 'image?ref=zoo/many-steps:v1&step=100' },
  { name: 'thousand-steps', address: 'image?ref=zoo/thousand-steps:v1&step=500' },
  { name: 'hostile-file', address: 'file?ref=zoo/hostile:latest&path=picture.svg' },
  { name: 'hostile-grid', address: 'grid?i=zoo/hostile:latest&i=demo/worker:v1' },
]

const report = new Report('page', process.argv.slice(2))
const scratch = await scratchFolder('page')
await must(nodeBinary, ['scripts/build-page.ts'], { cwd: projectRoot })
const browser = await launch()
try {
  // Rules take nothing that is younger than the grace.
  const env = { LAMINA_GRACE: '1s' }
  const empty = await Lamina.start({ name: 'page-empty', data: path.join(scratch.path, 'empty'), env })
  const first = { browser, url: empty.url, report, session: await openSession(browser, empty.url) }
  await lookAt(first, EMPTY)
  await fill(empty.url, seedSpare)
  await driveTasks(first, RETENTION_TASKS)
  await lookAt(first, OLD)
  await empty.stop()

  const real = await Lamina.start({ name: 'page', data: path.join(scratch.path, 'real') })
  await fill(real.url, seed, seedSpare, seedHostile, seedViewer)
  const world = { browser, url: real.url, report, session: await openSession(browser, real.url) }
  await report.scenario('sign in, by keyboard', () => signInByKeyboard(world))
  await driveTasks(world, [...TASKS, ...FIND_TASKS, ...FILE_TASKS, ...MANAGE_TASKS, ...ARCHIVE_TASKS])
  await driveUploadTrouble(world)
  await driveSafety(world)
  await driveRights(world)
  await driveHeard(world)
  await drivePlaces(world)
  await driveInSight(world)
  await driveLongLists(world)
  await lookAt(world, REAL)
  await real.stop()
} finally {
  await browser.close()
  await scratch.remove()
}
report.finish()

async function fill(url: string, ...seeds: readonly ((registry: RegistryClient) => Promise<void>)[]) {
  const registry = new RegistryClient(url)
  for (const each of seeds) await each(registry)
  registry.close()
}
