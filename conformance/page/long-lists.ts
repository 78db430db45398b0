import type { Page } from 'playwright-core'
import { expect } from '../report.ts'
import { openWindow, settle } from './browser.ts'
import type { World } from './task.ts'

const LONG = 'zoo/thousand-steps:v1'
/** Elements of a view, whatever the image has: each step that is drawn has a dozen. */
const MOST = 3000

/** Images of a thousand steps: few elements, and all of them within reach of keys, addresses and the browser's search. */
export async function driveLongLists({ browser, url, report, session }: World): Promise<void> {
  const { page, context, complaints } = await openWindow(browser, url, { session })
  await report.scenario('long lists: a thousand steps are few elements', () => steps(page))
  await report.scenario('long lists: tables begin with some rows', () => tables(page))
  await report.scenario('long lists: boxes out of sight are not drawn', () => boxes(page))
  await context.close()
  expect(complaints.length === 0, complaints.join('; '))
}

async function steps(page: Page): Promise<string> {
  await page.goto(`image?ref=${LONG}`)
  await settle(page)
  await isSmall(page)
  await page.getByRole('option', { name: /^Step 1 / }).focus()
  await page.keyboard.press('End')
  await focusIsOn(page, '1000')
  await page.keyboard.press('ArrowUp')
  await focusIsOn(page, '999')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Step 999', exact: true }).waitFor()
  await page.keyboard.press('Home')
  await focusIsOn(page, '1')

  await page.goto(`image?ref=${LONG}&step=700`)
  await page.getByRole('option', { name: /^Step 700 /, selected: true }).waitFor()
  await inFrame(page, 700)
  expect(await page.evaluate(`find('LINE_333=')`), 'the browser does not find the text of a step far off')
  await scrollToFound(page)
  await inFrame(page, 334)
  await isSmall(page)

  await page.goto(`image?ref=${LONG}&step=1-1000`)
  await page.getByText(/^30 of 1,000 steps/).waitFor()
  return `${await count(page)} elements`
}

async function tables(page: Page): Promise<string> {
  await page.goto(`compare?a=zoo/many-steps:v1&b=${LONG}`)
  await page.getByRole('button', { name: 'Show 1,000 more' }).click()
  await page.getByText(/^1,100 of 1,125 steps/).waitFor()
  return '1,125 rows'
}

async function boxes(page: Page): Promise<string> {
  await page.goto('grid?i=zoo/many-steps:v1&i=demo/app:v11')
  await settle(page)
  const seen = await page
    .getByRole('gridcell')
    .locator('.number')
    .evaluateAll((all) => all.filter((one) => one.checkVisibility({ contentVisibilityAuto: true })).length)
  expect(seen > 0 && seen < 100, `${seen} of more than 127 boxes are drawn`)
  return `${seen} drawn`
}

/** As a browser's own search does; what is found is drawn where its line was. */
async function scrollToFound(page: Page): Promise<void> {
  await page.evaluate(() => {
    const found = getSelection()?.getRangeAt(0).getBoundingClientRect().top ?? 0
    const frame = document.querySelector('.steps')
    if (frame !== null) frame.scrollTop += found - frame.getBoundingClientRect().top - 200
  })
}

async function isSmall(page: Page): Promise<void> {
  const elements = await count(page)
  expect(elements < MOST, `the view has ${elements} elements`)
}

function count(page: Page): Promise<number> {
  return page.evaluate(() => document.querySelectorAll('*').length)
}

async function focusIsOn(page: Page, step: string): Promise<void> {
  await page.waitForFunction((wanted) => document.activeElement?.getAttribute('data-step') === wanted, step)
}

/** Whether a step is drawn where the list shows it. */
async function inFrame(page: Page, step: number): Promise<void> {
  await page.waitForFunction((wanted) => {
    const row = document.querySelector(`[data-step="${wanted}"]`)?.getBoundingClientRect()
    const frame = document.querySelector('.steps')?.getBoundingClientRect()
    return row !== undefined && frame !== undefined && row.top >= frame.top && row.bottom <= frame.bottom
  }, step)
}
