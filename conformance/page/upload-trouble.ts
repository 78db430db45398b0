import type { Page } from 'playwright-core'
import { expect } from '../report.ts'
import { archiveOf } from './archive-tasks.ts'
import { openWindow } from './browser.ts'
import { startCuttingProxy } from './cutting-proxy.ts'
import { twoLayers } from './family.ts'
import type { World } from './task.ts'

/** More than the first layer of `twoLayers`, less than both. */
const CUT_AFTER = 2_500_000

/** What happens to archives on their way. */
export async function driveUploadTrouble(world: World): Promise<void> {
  const { browser, url, report, session } = world
  await report.scenario('an archive that is dropped on the page', async () => {
    const { page, context, complaints } = await openWindow(browser, url, { session })
    await page.goto('upload?to=demo/brought:dropped')
    await drop(page, archiveOf(twoLayers('dropped')))
    await page.getByText('dropped.tar').waitFor()
    await page.getByRole('button', { name: 'Send' }).click()
    const told = await arrival(page)
    await context.close()
    expect(complaints.length === 0, complaints.join('; '))
    return told
  })
  await report.scenario('an upload that is cut goes on where it ended', async () => {
    const proxy = await startCuttingProxy(url, CUT_AFTER)
    const { page, context } = await openWindow(browser, proxy.url, { session })
    try {
      await page.goto('upload?to=demo/brought:cut')
      await drop(page, archiveOf(twoLayers('cut')))
      await page.getByRole('button', { name: 'Send' }).click()
      await page.getByRole('alert').getByText('the connection broke').waitFor()
      await proxy.arrived()
      proxy.mend()
      await page.getByRole('button', { name: 'Send again' }).click()
      const told = await arrival(page)
      // The configuration and the first layer had come whole.
      expect(/^1 image can be pulled: 2\.\d+ MB sent, 2 pieces already here$/.test(told), told)
      return told
    } finally {
      await context.close()
      proxy.close()
    }
  })
}

/** As a hand drops a file: the browser gives the page what the hand held. */
async function drop(page: Page, archive: Buffer): Promise<void> {
  const held = await page.evaluateHandle((text) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
    const transfer = new DataTransfer()
    transfer.items.add(new File([bytes], 'dropped.tar', { type: 'application/x-tar' }))
    return transfer
  }, archive.toString('base64'))
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer: held })
}

async function arrival(page: Page): Promise<string> {
  const headline = page.getByRole('heading', { name: /can be pulled/ })
  await headline.waitFor()
  return (await headline.textContent()) ?? ''
}
