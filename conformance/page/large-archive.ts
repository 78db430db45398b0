import { stat } from 'node:fs/promises'
import path from 'node:path'
import { CHUNK, LAYERS, writeDockerArchive } from '../bench/archive-file.ts'
import { forgetPeak, resident } from '../bench/resident.ts'
import { expect, Report } from '../report.ts'
import { Lamina } from '../servers/lamina.ts'
import { must } from '../servers/processes.ts'
import { nodeBinary, projectRoot, scratchFolder } from '../servers/workspace.ts'
import { launch, openSession, openWindow } from './browser.ts'

// `node conformance/page/large-archive.ts [GIGABYTES]`: an archive in through the page, and what the server's process then
// holds. Needs three times its size on disk.
const LIMIT_MB = 200
const PATIENCE_MS = 1_800_000

const size = Math.round((Number(process.argv[2] ?? 5) * 1e9) / LAYERS / CHUNK) * CHUNK
const report = new Report('large-archive')
await must(nodeBinary, ['scripts/build-page.ts'], { cwd: projectRoot })
const scratch = await scratchFolder('large-archive')
const lamina = await Lamina.start({ name: 'large-archive', data: path.join(scratch.path, 'data') })
const browser = await launch()
try {
  const file = path.join(scratch.path, 'in.tar')
  await writeDockerArchive(file, size)
  const bytes = (await stat(file)).size
  const { page, complaints } = await openWindow(browser, lamina.url, {
    session: await openSession(browser, lamina.url),
  })
  const send = async (ref: string): Promise<string> => {
    await page.goto(`upload?to=${ref}`)
    await page.getByLabel('Archive').setInputFiles(file)
    await page.getByRole('button', { name: 'Send' }).click()
    const headline = page.getByRole('heading', { name: /can be pulled/ })
    await headline.waitFor({ timeout: PATIENCE_MS })
    expect(complaints.length === 0, complaints.join('; '))
    return (await headline.textContent()) ?? ''
  }
  await report.scenario('a large archive through the page', async () => {
    await forgetPeak(lamina.pid)
    const begun = performance.now()
    await send('big/app:v1')
    const seconds = (performance.now() - begun) / 1000
    const { peak } = await resident(lamina.pid)
    expect(peak < LIMIT_MB, `${Math.round(peak)} MB were resident`)
    return `${(bytes / 1e9).toFixed(2)} GB in ${seconds.toFixed(1)} s, ${Math.round(bytes / 1e6 / seconds)} MB/s, peak ${Math.round(peak)} MB resident`
  })
  await report.scenario('the same into another repository sends nothing but its list', async () => {
    const begun = performance.now()
    const told = await send('big/other:v1')
    // Its configuration has no digest in its name, so that is sent to be found here.
    expect(told.endsWith(`${LAYERS + 1} pieces already here`), told)
    return `${told}, ${((performance.now() - begun) / 1000).toFixed(1)} s`
  })
} finally {
  await browser.close()
  await lamina.stop()
  await scratch.remove()
}
report.finish()
