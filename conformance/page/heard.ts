import type { Page } from 'playwright-core'
import { expect } from '../report.ts'
import { openWindow } from './browser.ts'
import type { World } from './task.ts'

const LANDMARKS = ['header.top', '.top search', 'nav[aria-label="Views"]', 'main', 'footer']

/** What is wrong with the outline of a view, for who walks through it by headings and landmarks. */
export function outlineOf(page: Page): Promise<string[]> {
  return page.evaluate((landmarks) => {
    const seen = (selector: string) =>
      [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility())
    const levels = seen('h1, h2, h3, h4').map(({ tagName }) => Number(tagName.slice(1)))
    const titles = levels.filter((level) => level === 1).length
    return [
      ...levels.flatMap((level, index) =>
        level > (levels[index - 1] ?? 0) + 1 ? [`heading ${index + 1} skips to level ${level}`] : [],
      ),
      ...(titles === 1 ? [] : [`it has ${titles} headings of level 1`]),
      ...landmarks.flatMap((one) => (seen(one).length === 1 ? [] : [`it has ${seen(one).length} of ${one}`])),
      ...(document.title === '' ? ['it has no title'] : []),
    ]
  }, LANDMARKS)
}

/** What a reader of screens is told while somebody works: what is being read, how a table is sorted, where one came to. */
export async function driveHeard({ browser, url, report, session }: World): Promise<void> {
  const { page, context } = await openWindow(browser, url, { session })
  await report.scenario('heard: what is being read, and where one came to', () => whileReading(page))
  await report.scenario('heard: how a table is sorted', () => sortedHeard(page))
  await context.close()
}

async function whileReading(page: Page): Promise<string> {
  let answer = (): void => undefined
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  await page.route('**/api/v1/tags?*', async (route) => {
    await held
    await route.continue()
  })
  await page.goto('project?name=demo')
  await page.getByRole('link', { name: 'demo/app' }).click()
  await page.getByRole('status').getByText('Reading the tags').waitFor()
  const focused = await page.evaluate(() => document.activeElement?.tagName)
  expect(focused === 'MAIN', `the focus is on ${focused}, not on the new view`)
  expect((await page.title()).startsWith('demo/app'), `the title is ${await page.title()}`)
  answer()
  await page.getByRole('link', { name: 'v11', exact: true }).waitFor()
  expect((await page.getByText('Reading the tags').count()) === 0, 'it is still said to be read')
  return page.title()
}

async function sortedHeard(page: Page): Promise<string> {
  const said: string[] = []
  await page.goto('repository?name=demo/app')
  for (const [order, first] of [
    ['descending', 'v11'],
    ['ascending', 'v1'],
  ]) {
    await page.getByRole('button', { name: 'Tag', exact: true }).click()
    const sorted = page.locator(`th[aria-sort=${order}]`)
    await sorted.waitFor()
    const [top] = await page.getByRole('row').getByRole('link').allTextContents()
    said.push(`${await sorted.textContent()} from ${top}`)
    expect(top === first, `${order} it begins with ${top}`)
    expect((await page.locator('th[aria-sort]').count()) === 1, 'several columns say that they sort')
  }
  const link = page.url()
  await page.goto('/')
  await page.goto(link)
  await page.locator('th[aria-sort=ascending]').waitFor()
  return said.join(', ')
}
