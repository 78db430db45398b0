import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { digestOf } from '../fixtures/image.ts'
import { randomBytes } from '../fixtures/random.ts'
import { expect } from '../report.ts'
import { tabTo } from './browser.ts'
import type { Task } from './task.ts'

/** What people look for among files and layers. */
export const FILE_TASKS: readonly Task[] = [
  {
    name: 'find which step left a secret in the image, and read it',
    mouse: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByRole('region', { name: 'Files' }).getByRole('button', { name: 'app/' }).click()
      await secretOf(page)
      await page.getByRole('link', { name: '.env' }).click()
      return readSecret(page)
    },
    keyboard: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByRole('region', { name: 'Files' }).getByRole('button', { name: 'app/' }).waitFor()
      await tabTo(page, /^(added|changed|owner, mode or date changed)?app\//)
      await page.keyboard.press('Enter')
      await secretOf(page)
      await page.keyboard.press('Enter')
      return readSecret(page)
    },
  },
  {
    name: 'see only what some steps did to files',
    mouse: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByRole('option', { name: /^Step 9 COPY/ }).click()
      await page.getByRole('option', { name: /^Step 7 / }).click({ modifiers: ['Shift'] })
      await page.getByRole('heading', { name: 'What steps 7 to 9 did to files' }).waitFor()
      // From where the span began it shrinks, too.
      await page.getByRole('option', { name: /^Step 8 / }).click({ modifiers: ['Shift'] })
      return doneIn(page)
    },
    keyboard: async (page) => {
      await page.goto('image?ref=demo/app:v11&step=9')
      await tabTo(page, /^Step 9 /)
      await page.keyboard.press('Shift+ArrowUp')
      await page.keyboard.press('Shift+ArrowUp')
      await page.getByRole('heading', { name: 'What steps 7 to 9 did to files' }).waitFor()
      await page.keyboard.press('Shift+ArrowDown')
      return doneIn(page)
    },
  },
  {
    name: 'read what a bill of materials says',
    mouse: async (page) => {
      await page.goto('image?ref=demo/app:v11&open=referrers')
      await page.getByRole('link', { name: 'Bill of materials' }).click()
      return materialsOf(page)
    },
    keyboard: async (page) => {
      await page.goto('image?ref=demo/app:v11&open=referrers')
      await page.getByRole('link', { name: 'Bill of materials' }).waitFor()
      await tabTo(page, 'Bill of materials')
      await page.keyboard.press('Enter')
      return materialsOf(page)
    },
  },
  {
    name: 'see what an image wastes, and where',
    mouse: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByText('Waste', { exact: true }).click()
      return wasteOf(page)
    },
    keyboard: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByText('Waste', { exact: true }).waitFor()
      await tabTo(page, /^Waste/)
      await page.keyboard.press('Enter')
      return wasteOf(page)
    },
  },
  {
    name: 'see who else uses a layer',
    mouse: async (page) => {
      await page.goto('image?ref=demo/app:v11&step=5')
      await page.getByRole('link', { name: /^\d+ images$/ }).click()
      return usersOf(page)
    },
    keyboard: async (page) => {
      await page.goto('image?ref=demo/app:v11&step=5')
      await page.getByRole('heading', { name: /^Step 5/ }).waitFor()
      await tabTo(page, /^\d+ images$/)
      await page.keyboard.press('Enter')
      return usersOf(page)
    },
  },
  {
    name: 'find what an image was built on',
    mouse: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByText('Base and derived images', { exact: true }).click()
      return baseOf(page)
    },
    keyboard: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByText('Base and derived images', { exact: true }).waitFor()
      await tabTo(page, /^Base and derived images/)
      await page.keyboard.press('Enter')
      return baseOf(page)
    },
  },
  {
    name: 'make a badge for a README',
    mouse: async (page) => {
      await page.goto('image?ref=tools/node:24')
      await page.getByRole('button', { name: 'Badge' }).click()
      await page.getByLabel('It shows').selectOption('layers')
      return badgeOf(page)
    },
    keyboard: async (page) => {
      await page.goto('image?ref=tools/node:24')
      await page.getByRole('button', { name: 'Badge' }).waitFor()
      await tabTo(page, 'Badge')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      await tabTo(page, /^It shows/)
      await page.keyboard.type('layers')
      return badgeOf(page)
    },
  },
  {
    name: 'follow links to what they lead to',
    mouse: async (page) => {
      await page.goto(LINKS)
      // It is in the layer below.
      await page.getByRole('link', { name: 'again.js' }).click()
      await page.getByRole('region', { name: 'Bytes of the file' }).waitFor()
      await page.getByRole('link', { name: 'lost' }).click()
      await page.getByText('It leads to nothing that is in the image').waitFor()
      await page.getByRole('link', { name: 'worker.conf' }).click()
      const text = await linkedText(page)
      await page.getByRole('link', { name: '/etc/worker.conf' }).click()
      await page.getByText('11 B unpacked').waitFor()
      return text
    },
    keyboard: async (page) => {
      await page.goto(LINKS)
      await page.getByRole('link', { name: 'worker.conf' }).waitFor()
      await tabTo(page, /^\+?(added)?again\.js/)
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      return linkedText(page)
    },
  },
  {
    name: 'take a file of bytes out of an image',
    mouse: async (page) => {
      await page.goto(BASH)
      return savedBy(page, () => page.getByRole('button', { name: 'Download' }).click())
    },
    keyboard: async (page) => {
      await page.goto(BASH)
      await page.getByRole('region', { name: 'Bytes of the file' }).waitFor()
      await tabTo(page, 'Download')
      return savedBy(page, () => page.keyboard.press('Enter'))
    },
  },
]

/** Links to a file above, to a link that leads through a directory's link, and to nothing. */
const LINKS = 'image?ref=tools/worker:alpine&path=worker'

/** More than one answer of the server holds. */
const BASH = 'file?ref=demo/app:v11&path=usr/bin/bash'

async function secretOf(page: Page): Promise<void> {
  const row = page.getByRole('row', { name: '.env' })
  await row.waitFor()
  const text = (await row.textContent()) ?? ''
  expect(text.includes('gone in 8, still in 7'), text)
}

/** Steps 8 and 9. */
async function doneIn(page: Page): Promise<string> {
  await page.getByRole('heading', { name: 'What steps 8 to 9 did to files' }).waitFor()
  const files = page.getByRole('region', { name: 'Files' })
  await files.getByRole('button', { name: 'app/' }).waitFor()
  expect(
    (await files.getByRole('button', { name: 'usr/' }).count()) === 0,
    'usr is shown, which they left alone',
  )
  await files.getByRole('button', { name: 'app/' }).click()
  await secretOf(page)
  await files.getByRole('button', { name: 'All', exact: true }).click()
  await page.getByRole('heading', { name: 'Files after step 9' }).waitFor()
  await files.getByRole('button', { name: 'Root directory' }).click()
  await files.getByRole('button', { name: 'usr/' }).waitFor()
  return new URL(page.url()).search
}

async function materialsOf(page: Page): Promise<string> {
  const content = page.getByRole('region', { name: 'Text of the file' })
  await content.getByText('what application/spdx+json says').waitFor()
  await page.getByText('oras pull').waitFor()
  return (await content.textContent()) ?? ''
}

async function readSecret(page: Page): Promise<string> {
  await page.getByText('Gone in step 8, but step 7 still ships it').waitFor()
  const link = page.url()
  await page.goto('/')
  await page.goto(link)
  const text = await page.getByRole('region', { name: 'Text of the file' }).textContent()
  expect(text?.includes('correct-horse-battery-staple') === true, `the file says ${String(text)}`)
  return new URL(link).search
}

async function wasteOf(page: Page): Promise<string> {
  const row = page.getByRole('row', { name: 'app/.env' })
  await row.waitFor()
  const text = (await row.textContent()) ?? ''
  expect(text.includes('deleted later') && text.includes('step 7'), text)
  expect(new URL(page.url()).searchParams.get('open') === 'config,waste', `the address says ${page.url()}`)
  return text
}

async function usersOf(page: Page): Promise<string> {
  const users = page.getByRole('region', { name: 'Who uses it' })
  await users.getByRole('link', { name: 'demo/worker' }).waitFor()
  const rows = (await users.getByRole('row').count()) - 1
  expect(rows === 13, `${rows} images use it`)
  return `${rows} images`
}

async function baseOf(page: Page): Promise<string> {
  const link = page.getByRole('link', { name: '24', exact: true })
  await link.waitFor()
  const rows = await page.getByRole('table').first().getByRole('row').allTextContents()
  expect(rows[1]?.startsWith('tools/node') === true, `the nearest base is ${String(rows[1])}`)
  expect(rows[2]?.startsWith('tools/debian') === true, `its base is ${String(rows[2])}`)
  return rows.slice(1, 3).join(', ')
}

async function badgeOf(page: Page): Promise<string> {
  const code = page.getByRole('dialog').locator('pre').first()
  await code.getByText('metric=layers').waitFor()
  const text = (await code.textContent()) ?? ''
  const [, address = ''] = /\]\((.*?)\)\]/.exec(text) ?? []
  // As anyone sees it: the project is public.
  const badge = await (await fetch(address)).text()
  expect(badge.includes('layers: 3'), badge)
  return text
}

async function linkedText(page: Page): Promise<string> {
  const text = (await page.getByRole('region', { name: 'Text of the file' }).textContent()) ?? ''
  expect(text.includes('queue=mail'), `the file says ${text}`)
  return text.replaceAll(/\s+/g, ' ')
}

async function savedBy(page: Page, act: () => Promise<void>): Promise<string> {
  await page.getByRole('region', { name: 'Bytes of the file' }).waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), act()])
  const bytes = await readFile(await download.path())
  const wanted = randomBytes('usr/bin/bash', 5_300_000)
  expect(digestOf(bytes) === digestOf(wanted), `${bytes.length} other bytes were saved`)
  return `${bytes.length} bytes as ${download.suggestedFilename()}`
}
