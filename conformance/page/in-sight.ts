import type { Locator, Page } from 'playwright-core'
import { expect } from '../report.ts'
import { openWindow, settle } from './browser.ts'
import { LONG_TAG } from './seed.ts'
import type { World } from './task.ts'

const FIVE = 'i=demo/app:v10&i=demo/app:v11&i=demo/worker:v1&i=tools/backup:v1&i=tools/worker:alpine'

/** What people come for is in the window, without moving anything sideways, and pictures are true to scale. */
export async function driveInSight({ browser, url, report, session }: World): Promise<void> {
  const { page, context, complaints } = await openWindow(browser, url, { session })
  await report.scenario('in sight: on a phone, what decides', () => onPhone(page))
  await report.scenario('in sight: beside a tag of 128 characters', () => besideLongTag(page))
  await report.scenario('in sight: what a far step did', () => farStep(page))
  await report.scenario('in sight: bars and columns true to scale', () => trueToScale(page))
  await report.scenario('in sight: on paper, dark on white', () => onPaper(page))
  await report.scenario('in sight: that another than the registry answers', () => otherAnswers(page))
  await context.close()
  expect(complaints.length === 0, complaints.join('; '))
}

async function onPhone(page: Page): Promise<string> {
  await page.setViewportSize({ width: 360, height: 740 })
  await page.goto('compare?a=demo/app:v10&b=demo/app:v11')
  await isInSight(page, page.locator('tr.changed', { hasText: 'COPY . .' }).getByText('+38'))
  await isInSight(page, page.locator('tr.added', { hasText: 'recordings.bin' }).getByText('+38'))
  await page.goto('pull?have=demo/app:v10&want=demo/app:v11')
  await isInSight(page, page.getByText('↓ moves').last())
  await page.goto('deduplication')
  await isInSight(page, page.locator('td[data-label=Saves] data').first())
  await page.goto('project?name=demo&part=members')
  await isInSight(page, page.getByRole('button', { name: 'Remove admin' }))
  await page.goto('repository?name=demo/spare')
  await page.getByRole('button', { name: 'History of current' }).dispatchEvent('click')
  await isInSight(page, page.getByRole('button', { name: 'Roll back here' }).first())
  return '6 places'
}

async function besideLongTag(page: Page): Promise<string> {
  for (const width of [1440, 1024, 768]) {
    await page.setViewportSize({ width, height: 900 })
    await page.goto('repository?name=zoo/hostile')
    await isInSight(page, page.getByRole('button', { name: `Delete ${LONG_TAG}` }))
  }
  return `${LONG_TAG.length} characters`
}

async function isInSight(page: Page, what: Locator): Promise<void> {
  await what.waitFor()
  const right = await what.evaluate((element) => element.getBoundingClientRect().right)
  const width = await page.evaluate(() => document.documentElement.clientWidth)
  expect(right <= width, `${String(what)} ends at ${Math.round(right)} of ${width} px`)
}

async function farStep(page: Page): Promise<string> {
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto('image?ref=zoo/many-steps:v1')
  await page.getByRole('option', { name: /^Step 100 / }).click()
  const detail = page.getByRole('heading', { name: /^Step 100/ })
  await detail.waitFor()
  const inWindow = async () =>
    detail.evaluate((element) => {
      const { top, bottom } = element.getBoundingClientRect()
      return top >= 0 && bottom <= window.innerHeight
    })
  expect(await inWindow(), 'what the step did is out of sight')
  await page.reload()
  await detail.waitFor()
  const chosen = page.getByRole('listbox', { name: /^Steps/ }).getByRole('option', { selected: true })
  const seen = await chosen.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect()
    const frame = element.parentElement?.getBoundingClientRect()
    return frame !== undefined && top >= frame.top && bottom <= frame.bottom
  })
  expect(seen, 'the chosen step is out of sight in its list')
  return (await chosen.textContent()) ?? ''
}

async function trueToScale(page: Page): Promise<string> {
  const found: string[] = []
  for (const width of [1440, 360]) {
    await page.setViewportSize({ width, height: 900 })
    await page.goto('deduplication')
    await page.locator('.waterfall').waitFor()
    const bars = await page.locator('.waterfall > div').evaluateAll((rows) =>
      rows.map((row) => ({
        bytes: Number(row.querySelector('data')?.value ?? 0),
        px: row.querySelector('.fall')?.getBoundingClientRect().width ?? 0,
      })),
    )
    const [whole, part] = bars
    const wanted = ((part?.bytes ?? 0) / (whole?.bytes ?? 1)) * (whole?.px ?? 0)
    const drawn = part?.px ?? 0
    expect(Math.abs(drawn - wanted) < 3, `at ${width} px a bar of ${drawn} px should have ${wanted} px`)
    found.push(`${Math.round(drawn)} px of ${Math.round(whole?.px ?? 0)}`)
    await page.goto(`grid?${FIVE}&as=icicle`)
    const heads = page.locator('.icicle-heads a')
    await heads.first().waitFor()
    for (const head of await heads.all()) {
      const cut = await head.evaluate((element) => element.scrollWidth > element.clientWidth)
      expect(!cut, `at ${width} px ${(await head.textContent()) ?? ''} is cut`)
    }
  }
  return found.join(', ')
}

async function onPaper(page: Page): Promise<string> {
  await page.setViewportSize({ width: 800, height: 1000 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto('repository?name=demo/app')
  await settle(page)
  await page.getByRole('button', { name: /^Theme/ }).click()
  await page.getByRole('button', { name: /^Theme: light/ }).click()
  await page.getByRole('button', { name: /^Theme: dark/ }).waitFor()
  await page.emulateMedia({ media: 'print' })
  const [paper, ink] = await page.evaluate(() => {
    const { backgroundColor, color } = getComputedStyle(document.documentElement)
    return [backgroundColor, color]
  })
  const pressed = [page.getByRole('searchbox'), page.getByRole('button', { name: 'Delete v11' })]
  const shown = await Promise.all(pressed.map((one) => one.isVisible()))
  await page.emulateMedia({ media: 'screen', colorScheme: 'light' })
  await page.evaluate(() => localStorage.clear())
  expect(paper === 'rgb(255, 255, 255)' && ink !== paper, `it prints ${ink} on ${paper}`)
  expect(!shown.includes(true), 'what can only be pressed is printed')
  return `${ink} on ${paper}`
}

/** A proxy in between answers in its own way, with 200 as well. */
async function otherAnswers(page: Page): Promise<string> {
  for (const status of [200, 502]) {
    await page.route('**/api/v1/tags?*', (route) =>
      route.fulfill({ status, contentType: 'text/html', body: '<h1>Log in to the network</h1>' }),
    )
    await page.goto('repository?name=demo/app')
    const said = page.getByRole('alert').getByText("is not the registry's own")
    await said.waitFor()
    await page.unroute('**/api/v1/tags?*')
    await page.getByRole('button', { name: 'try again' }).click()
    await page.getByRole('link', { name: 'v11', exact: true }).waitFor()
  }
  return '200 and 502'
}
