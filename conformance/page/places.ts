import type { Page } from 'playwright-core'
import { expect } from '../report.ts'
import { openWindow } from './browser.ts'
import type { World } from './task.ts'

/** Where one was, one is again: after back, after loading anew, after a dialog, after copying. */
export async function drivePlaces(world: World): Promise<void> {
  const { browser, url, report, session } = world
  const { page, context, complaints } = await openWindow(browser, url, { session })
  await report.scenario('back, and loading again, land where one was', () => backToPlace(page))
  await report.scenario('a dialog gives the focus back', () => focusComesBack(page))
  await report.scenario('the box for searching says what is shown', () => searchedText(page))
  await report.scenario('the keys of the map work where it says so', () => keysWork(page))
  await report.scenario('copies over plain http, in a dialog too', () => copiesOverHttp(world))
  await context.close()
  expect(complaints.length === 0, complaints.join('; '))
}

const DEPTH = 700

async function backToPlace(page: Page): Promise<string> {
  await page.setViewportSize({ width: 1440, height: 500 })
  await page.goto('image?ref=demo/app:v11&open=config,lineage,raw')
  const link = page.getByRole('link', { name: /^sha256:/ }).first()
  await link.waitFor()
  await page.evaluate((top) => window.scrollTo(0, top), DEPTH)
  await link.dispatchEvent('click')
  await page.getByRole('heading', { name: /^Layer/ }).waitFor()
  const top = await page.evaluate(() => window.scrollY)
  expect(top === 0, `a new view begins ${top} px below its top`)
  await page.goBack()
  await isAt(page, DEPTH)
  await page.reload()
  await isAt(page, DEPTH)
  await page.setViewportSize({ width: 1440, height: 900 })
  return `${DEPTH} px`
}

async function isAt(page: Page, top: number): Promise<void> {
  await page.waitForFunction((wanted) => Math.abs(window.scrollY - wanted) < 2, top)
}

async function focusComesBack(page: Page): Promise<string> {
  await page.goto('/')
  await page.getByRole('button', { name: 'New project' }).click()
  await page.getByRole('dialog').getByLabel('Name').fill('made-in-a-dialog')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'made-in-a-dialog' }).waitFor()
  const focused = await focusedText(page)
  expect(focused === 'New project', `the focus is on “${focused}”`)
  return focused
}

function focusedText(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent.slice(0, 80).trim() ?? '')
}

async function searchedText(page: Page): Promise<string> {
  const box = page.getByRole('searchbox')
  await page.goto('/')
  for (const text of ['v1', 'worker']) {
    await box.fill(text)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: `Search: ${text}` }).waitFor()
  }
  await page.goBack()
  await page.getByRole('heading', { name: 'Search: v1' }).waitFor()
  const text = await box.inputValue()
  expect(text === 'v1', `the box says ${text}`)
  await page.getByRole('link', { name: 'Grid', exact: true }).click()
  await page.getByRole('heading', { name: 'Grid' }).waitFor()
  expect((await box.inputValue()) === '', 'it still does where nothing is searched')
  return text
}

async function keysWork(page: Page): Promise<string> {
  await page.goto('repository?name=demo/app')
  await page.getByLabel('Choose v10 to compare').check()
  await page.keyboard.press('/')
  expect(await page.getByRole('searchbox').evaluate((box) => box === document.activeElement), '/ is lost')
  await page
    .getByRole('group', { name: /^Bytes of each push/ })
    .getByRole('link')
    .last()
    .focus()
  await page.keyboard.press('Home')
  const first = await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '')
  expect(first.startsWith('v1:'), `Home leads to ${first} in the chart`)
  await page.goto('image?ref=demo/app:v11')
  const rows = page.getByRole('grid', { name: 'Entries of the directory' }).getByRole('row')
  await rows.nth(1).focus()
  await page.keyboard.press('End')
  const last = await focusedText(page)
  expect(last.includes('var/'), `End leads to ${last} in the directory`)
  await page.keyboard.press('Home')
  expect((await focusedText(page)).includes('app/'), 'Home does not lead to its first entry')
  return `${first}; ${last}`
}

/** Browsers have a clipboard for scripts over https, and on the machine itself; elsewhere something has to be selected. */
async function copiesOverHttp({ browser, url, session }: World): Promise<string> {
  const { page, context } = await openWindow(browser, url, { session })
  await context.addInitScript(() => Object.defineProperty(window, 'isSecureContext', { value: false }))
  await page.goto('image?ref=tools/node:24')
  const digest = page.getByRole('button', { name: 'Copy the digest' }).first()
  await digest.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('status').getByText('copied').waitFor()
  expect((await page.evaluate(() => document.activeElement?.tagName)) === 'BUTTON', 'the focus is lost')
  await page.getByRole('button', { name: 'Badge' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Copy the command' }).first().click()
  await page.getByRole('dialog').getByRole('status').getByText('copied').waitFor()
  const field = page.getByLabel('Label')
  await field.focus()
  await page.keyboard.press('ControlOrMeta+V')
  const pasted = await field.inputValue()
  expect(pasted.startsWith('[![tools/node:24]'), `what was copied is ${pasted}`)
  await context.close()
  return pasted.slice(0, 17)
}
