import type { Page } from 'playwright-core'
import { expect } from '../report.ts'
import { tabTo } from './browser.ts'
import type { Task } from './task.ts'

/** Finding things by what people have of them. */
export const FIND_TASKS: readonly Task[] = [
  {
    name: 'find an image by a part of its digest, and by what a terminal shows',
    mouse: async (page) => {
      const digest = await digestOfV11(page)
      await page.getByRole('searchbox').fill(digest)
      await page.getByRole('searchbox').press('Enter')
      await page.getByRole('main').getByRole('link', { name: digest }).click()
      return imageOf(page)
    },
    keyboard: async (page) => {
      const { host } = new URL(page.url())
      await page.keyboard.press('/')
      await page.keyboard.type(`docker pull ${host}/demo/app:v11`)
      await page.keyboard.press('Enter')
      await page.getByRole('main').getByRole('link', { name: 'v11' }).waitFor()
      await tabTo(page, 'v11')
      await page.keyboard.press('Enter')
      return imageOf(page)
    },
  },
  {
    name: 'find tags of a repository by a part of their name',
    mouse: async (page) => {
      await page.goto(NO_TAG)
      await page.getByText('No tag with “nothing” in the name').waitFor()
      await page.getByLabel('Find tags').fill('V1')
      await page.getByRole('button', { name: 'Find', exact: true }).click()
      return tagsOf(page)
    },
    keyboard: async (page) => {
      await page.goto(NO_TAG)
      await page.getByText('No tag with “nothing” in the name').waitFor()
      await tabTo(page, 'Find tags')
      await page.keyboard.press('Control+a')
      await page.keyboard.type('V1')
      await page.keyboard.press('Enter')
      return tagsOf(page)
    },
  },
  {
    name: 'find a file of an image by a part of its path',
    mouse: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByLabel('Find files').fill('PACKAGE.json')
      await page.getByRole('button', { name: 'Find', exact: true }).click()
      return fileOf(page)
    },
    keyboard: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByLabel('Find files').waitFor()
      await tabTo(page, 'Find files')
      await page.keyboard.type('package.json')
      await page.keyboard.press('Enter')
      return fileOf(page)
    },
  },
  {
    name: 'find the large files of an image, and those that a pattern fits',
    mouse: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByText('by size, type or rights').click()
      await page.getByLabel('From', { exact: true }).fill('4 MB')
      await page.getByRole('button', { name: 'Find', exact: true }).click()
      await page.getByRole('button', { name: 'Unpacked' }).click()
      return largeOf(page)
    },
    keyboard: async (page) => {
      await page.goto('image?ref=demo/app:v11&min=4 MB&files=size')
      return largeOf(page)
    },
  },
  {
    name: 'find files by a regular expression',
    mouse: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByLabel('The text is meant').selectOption('regex')
      await page.getByLabel('Find files').fill('(')
      await page.getByRole('button', { name: 'Find', exact: true }).click()
      await page.getByText('a ( has no ) behind it').waitFor()
      await page.getByLabel('Find files').fill('^app/package[.]json$')
      await page.getByRole('button', { name: 'Find', exact: true }).click()
      return fileOf(page)
    },
    keyboard: async (page) => {
      await page.goto('image?ref=demo/app:v11&match=regex')
      await page.getByLabel('Find files').waitFor()
      await tabTo(page, 'Find files')
      await page.keyboard.type('^app/package[.]json$')
      await page.keyboard.press('Enter')
      // Whoever looks once more goes on typing where he is.
      await page.getByText('1 file with').waitFor()
      expect(
        await page.getByLabel('Find files').evaluate((box) => box === document.activeElement),
        'the focus is lost',
      )
      return fileOf(page)
    },
  },
  {
    name: 'see which packages an image brings',
    mouse: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByText('Packages', { exact: true }).click()
      return packagesOf(page)
    },
    keyboard: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByText('Packages', { exact: true }).waitFor()
      await tabTo(page, /^Packages/)
      await page.keyboard.press('Enter')
      return packagesOf(page)
    },
  },
  {
    name: 'see what deserves a look in an image',
    mouse: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByText('Hints', { exact: true }).click()
      return hintsOf(page)
    },
    keyboard: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByText('Hints', { exact: true }).waitFor()
      await tabTo(page, /^Hints/)
      await page.keyboard.press('Enter')
      return hintsOf(page)
    },
  },
]

const NO_TAG = 'repository?name=demo/app&find=nothing'

async function tagsOf(page: Page): Promise<string> {
  await page.getByText('3 tags with “V1” in the name').waitFor()
  const names = await page.getByRole('row').getByRole('link').allTextContents()
  expect(names.join() === 'v11,v10,v1', `it finds ${names.join()}`)
  await page.getByRole('button', { name: 'All tags' }).click()
  await page.getByText('11 tags').waitFor()
  return names.join(', ')
}

async function digestOfV11(page: Page): Promise<string> {
  await page.goto('image?ref=demo/app:v11')
  return (await page.locator('.heading .digest code').first().textContent()) ?? ''
}

async function imageOf(page: Page): Promise<string> {
  await page.getByRole('option', { name: /^Step 9 COPY/ }).waitFor()
  return new URL(page.url()).search
}

async function fileOf(page: Page): Promise<string> {
  await page.getByRole('link', { name: 'app/package.json' }).click()
  await page.getByRole('region', { name: 'Text of the file' }).waitFor()
  return new URL(page.url()).search
}

async function largeOf(page: Page): Promise<string> {
  await page.getByText(/^\d+ files, of 4 MB or more/).waitFor()
  const name = 'usr/local/bin/node'
  await page.getByRole('row').nth(1).getByRole('link', { name }).waitFor()
  await page.getByRole('button', { name: 'All files' }).click()
  await page.getByRole('button', { name: 'app/' }).waitFor()
  return name
}

async function packagesOf(page: Page): Promise<string> {
  await page.getByText('3 packages: 3 deb').waitFor()
  await page.getByLabel('Find packages').fill('CURL')
  await page.keyboard.press('Enter')
  await page.getByText('1 package: 1 deb with “CURL” in the name').waitFor()
  const text = (await page.getByRole('row').filter({ hasText: 'curl' }).textContent()) ?? ''
  expect(text.includes('7.88.1-10+deb12u12') && text.includes('step 3'), text)
  await page.getByRole('link', { name: 'step 3' }).click()
  await page.getByRole('heading', { name: /^Step 3 / }).waitFor()
  return text
}

async function hintsOf(page: Page): Promise<string> {
  const row = page.getByRole('row').filter({ hasText: 'removed later, still in every pull' })
  await row.waitFor()
  const text = (await row.textContent()) ?? ''
  expect(text.includes('app/.env') && text.includes('step 7'), text)
  return text
}
