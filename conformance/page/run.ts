import path from 'node:path'
import { Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { must } from '../servers/processes.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { nodeBinary, projectRoot, scratchFolder } from '../servers/workspace.ts'
import { launch, openSession } from './browser.ts'
import { lookAt, type Scene } from './looks.ts'
import { driveSafety } from './safety.ts'
import { seed, seedHostile } from './seed.ts'
import { driveTasks } from './tasks.ts'

// `npm run test:page`: the web page in Debian's Chromium, by mouse and by keyboard, looked at in three widths. With words
// behind it (`npm run test:page -- badge`) only what they name.
const FIVE = 'i=demo/app:v10&i=demo/app:v11&i=demo/worker:v1&i=tools/backup:v1&i=tools/worker:alpine'

const EMPTY: readonly Scene[] = [
  { name: 'empty-home', address: '/' },
  { name: 'empty-grid', address: 'grid' },
  { name: 'empty-compare', address: 'compare' },
  { name: 'account', address: 'account' },
]

const REAL: readonly Scene[] = [
  { name: 'home', address: '/' },
  { name: 'search', address: '?q=app' },
  { name: 'project', address: 'project?name=demo' },
  { name: 'accounts', address: 'project?name=demo&part=accounts' },
  { name: 'repository', address: 'repository?name=demo/app' },
  { name: 'image', address: 'image?ref=demo/app:v11&step=9' },
  { name: 'image-of-platforms', address: 'image?ref=tools/backup:v1&open=platforms,raw' },
  { name: 'image-with-family', address: 'image?ref=tools/node:24&open=lineage' },
  {
    name: 'badge',
    address: 'image?ref=tools/node:24',
    act: (page) => page.getByRole('button', { name: 'Badge' }).click(),
  },
  { name: 'image-with-waste', address: 'image?ref=demo/app:v11&open=waste' },
  { name: 'file', address: 'file?ref=demo/app:v11&path=app/package.json' },
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
  { name: 'compare', address: 'compare?a=demo/app:v10&b=demo/app:v11' },
  { name: 'pull-cost', address: 'pull?have=demo/app:v10&want=demo/app:v11' },
  { name: 'deduplication', address: 'deduplication?project=demo' },
  { name: 'not-there', address: 'image?ref=demo/nothing:v1' },
  { name: 'hostile-image', address: 'image?ref=zoo/hostile:latest&step=2' },
  { name: 'hostile-file', address: 'file?ref=zoo/hostile:latest&path=picture.svg' },
  { name: 'hostile-grid', address: 'grid?i=zoo/hostile:latest&i=demo/worker:v1' },
]

const report = new Report('page', process.argv.slice(2))
const scratch = await scratchFolder('page')
await must(nodeBinary, ['scripts/build-page.ts'], { cwd: projectRoot })
const browser = await launch()
try {
  const empty = await Lamina.start({ name: 'page-empty', data: path.join(scratch.path, 'empty') })
  await lookAt({ browser, url: empty.url, report, session: await openSession(browser, empty.url) }, EMPTY)
  await empty.stop()

  const real = await Lamina.start({ name: 'page', data: path.join(scratch.path, 'real') })
  const registry = new RegistryClient(real.url)
  await seed(registry)
  await seedHostile(registry)
  registry.close()
  const world = { browser, url: real.url, report, session: await openSession(browser, real.url) }
  await driveTasks(world)
  await driveSafety(world)
  await lookAt(world, REAL)
  await real.stop()
} finally {
  await browser.close()
  await scratch.remove()
}
report.finish()
