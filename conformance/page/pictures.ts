import path from 'node:path'
import { Lamina } from '../servers/lamina.ts'
import { must } from '../servers/processes.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { nodeBinary, projectRoot, scratchFolder } from '../servers/workspace.ts'
import { launch, openSession, openWindow, settle } from './browser.ts'
import { seed, seedSpare } from './seed.ts'

// `npm run pictures`: the pictures of README.md, of what the page shows of a registry that was just filled.
const FIVE = 'i=demo/app:v10&i=demo/app:v11&i=demo/worker:v1&i=tools/backup:v1&i=tools/worker:alpine'
const PICTURES: Readonly<Record<string, string>> = {
  home: '',
  image: 'image?ref=demo/app:v11&step=9',
  file: 'file?ref=demo/app:v11&path=app/.env&upto=4',
  grid: `grid?${FIVE}&lock=demo/app:v11`,
  compare: 'compare?a=demo/app:v10&b=demo/app:v11',
}
const WIDTH = 1280

const scratch = await scratchFolder('pictures')
await must(nodeBinary, ['scripts/build-page.ts'], { cwd: projectRoot })
const browser = await launch()
try {
  const lamina = await Lamina.start({ name: 'pictures', data: path.join(scratch.path, 'data') })
  const registry = new RegistryClient(lamina.url)
  await seed(registry)
  await seedSpare(registry)
  registry.close()
  const { page } = await openWindow(browser, lamina.url, { session: await openSession(browser, lamina.url) })
  for (const [name, address] of Object.entries(PICTURES)) {
    await page.setViewportSize({ width: WIDTH, height: name === 'grid' ? 613 : 300 })
    await page.goto(address)
    await settle(page)
    // Layers are indexed when they are first looked at; the page asks for them again by itself.
    await page.waitForTimeout(3000)
    await page.screenshot({ path: path.join(projectRoot, 'docs/pictures', `${name}.png`), fullPage: true })
  }
  await lamina.stop()
} finally {
  await browser.close()
  await scratch.remove()
}
