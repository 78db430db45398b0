import type { Page } from 'playwright-core'
import { expect } from '../report.ts'
import { admin } from '../servers/lamina.ts'
import { openWindow, settle, tabTo } from './browser.ts'
import type { Task, World } from './task.ts'

/** Each task by mouse, and again by keyboard alone. */
export async function driveTasks(world: World, tasks: readonly Task[]): Promise<void> {
  for (const task of tasks)
    for (const way of ['mouse', 'keyboard'] as const)
      await world.report.scenario(`${task.name}, by ${way}`, () => drive(world, task[way]))
}

async function drive(
  { browser, url, session }: World,
  act: (page: Page) => Promise<string>,
): Promise<string> {
  const { page, context, complaints } = await openWindow(browser, url, { session })
  try {
    await page.goto('/')
    await page.getByRole('heading', { name: 'Projects' }).waitFor()
    const found = await act(page)
    expect(complaints.length === 0, complaints.join('; '))
    return found
  } finally {
    await context.close()
  }
}

/** The form, without a mouse. */
export async function signInByKeyboard({ browser, url }: World): Promise<string> {
  const { page, context } = await openWindow(browser, url)
  await page.goto('/')
  await tabTo(page, 'Sign in')
  await page.keyboard.press('Enter')
  // The first field has the focus.
  await page.getByLabel('User name').waitFor()
  await tabTo(page, /^User name/)
  await page.keyboard.type(admin.user)
  await page.keyboard.press('Tab')
  await page.keyboard.type(admin.password)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Projects' }).waitFor()
  await context.close()
  return admin.user
}

const GRID = 'grid?i=demo/app:v10&i=demo/app:v11&i=demo/worker:v1&i=tools/backup:v1&i=tools/worker:alpine'

/** What people come for without changing anything. */
export const TASKS: readonly Task[] = [
  {
    name: 'find why v11 is 38 MB larger than v10',
    mouse: async (page) => {
      await page.getByRole('link', { name: 'demo', exact: true }).click()
      await page.getByRole('link', { name: 'demo/app', exact: true }).click()
      await page.getByLabel('Choose v10 to compare').check()
      await page.getByLabel('Choose v11 to compare').check()
      await page.getByRole('link', { name: 'Compare v10 with v11' }).click()
      return reasonOf(page)
    },
    keyboard: async (page) => {
      await page.keyboard.press('/')
      await page.keyboard.type('demo/app')
      await page.keyboard.press('Enter')
      await tabTo(page, 'demo/app')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'demo/app' }).waitFor()
      await tabTo(page, 'Choose v11 to compare')
      await page.keyboard.press('Space')
      await tabTo(page, 'Choose v10 to compare')
      await page.keyboard.press('Space')
      await tabTo(page, 'Compare v10 with v11')
      await page.keyboard.press('Enter')
      return reasonOf(page)
    },
  },
  {
    name: 'see in the grid what images share, and read one as a Dockerfile',
    mouse: async (page) => {
      await page.goto(GRID)
      await page.getByRole('gridcell', { name: /^RUN curl .* shared by 3 images/ }).hover()
      return journalOf(page, 3)
    },
    keyboard: async (page) => {
      await page.goto(GRID)
      await page.getByRole('grid').waitFor()
      await tabTo(page, /^ADD .* layer 1, shared by 4 images/)
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowDown')
      return journalOf(page, 3)
    },
  },
  {
    name: 'lock a column, filter, and share a link to exactly that',
    mouse: async (page) => {
      await page.goto(GRID)
      await page.getByRole('button', { name: 'Lock demo/worker:v1' }).click()
      await page.getByLabel('Filter by image or instruction').fill('worker')
      return sharedLinkOf(page)
    },
    keyboard: async (page) => {
      await page.goto(GRID)
      await page.getByRole('grid').waitFor()
      await tabTo(page, 'Lock demo/worker:v1')
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Unlock demo/worker:v1' }).waitFor()
      await page.evaluate(() => document.querySelector('main')?.focus())
      await tabTo(page, 'Filter by image or instruction')
      await page.keyboard.type('worker')
      return sharedLinkOf(page)
    },
  },
  {
    name: 'find the step that made the largest layer of an image',
    mouse: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByRole('option', { name: /^Step 5 RUN curl/ }).click()
      return stepOf(page)
    },
    keyboard: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByRole('option').first().waitFor()
      await tabTo(page, /^Step 1 /)
      for (let count = 1; count < 5; count += 1) await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      return stepOf(page)
    },
  },
  {
    name: 'tell what a machine with v10 moves to pull v11',
    mouse: async (page) => {
      await page.goto('image?ref=demo/app:v11')
      await page.getByRole('main').getByRole('link', { name: 'Pull cost' }).click()
      await page.getByLabel('The machine has').fill('demo/app:v10')
      await page.getByRole('button', { name: 'Count' }).click()
      return costOf(page)
    },
    keyboard: async (page) => {
      await page.keyboard.press('g')
      await page.keyboard.press('p')
      await page.getByRole('heading', { name: 'Pull cost' }).waitFor()
      await tabTo(page, 'The machine has')
      await page.keyboard.type('demo/app:v10')
      await page.keyboard.press('Tab')
      await page.keyboard.type('demo/app:v11')
      await page.keyboard.press('Enter')
      return costOf(page)
    },
  },
]

async function costOf(page: Page): Promise<string> {
  await page.getByText('move in 2 layers').waitFor()
  const answer = (await page.locator('.answer').textContent()) ?? ''
  expect(/^39\.\d MB move in 2 layers, of 146 MB in 6/.test(answer), answer)
  return answer
}

async function reasonOf(page: Page): Promise<string> {
  await page.getByRole('heading', { name: 'Compare' }).waitFor()
  const delta = await page.locator('p strong').first().textContent()
  expect(delta?.startsWith('+38') === true, `the difference is said to be ${String(delta)}`)
  const changed = await page.locator('tr.changed', { hasText: 'COPY . .' }).textContent()
  expect(changed?.includes('+38') === true, `the step is said to have grown by ${String(changed)}`)
  const heaviest = await page
    .locator('section', { has: page.getByRole('heading', { name: 'Files' }) })
    .locator('tbody tr')
    .first()
    .textContent()
  expect(heaviest?.includes('app/test/recordings.bin') === true, `the heaviest file is ${String(heaviest)}`)
  return `${delta} from COPY . ., app/test/recordings.bin`
}

async function journalOf(page: Page, layers: number): Promise<string> {
  const journal = page.getByRole('region', { name: 'Journal' })
  await journal.getByText('RUN curl').waitFor()
  const lines = await journal.getByRole('listitem').allTextContents()
  expect(lines.length >= layers, `the journal has ${lines.length} lines`)
  expect(lines.at(-1)?.includes('curl') === true, `the journal ends with ${String(lines.at(-1))}`)
  return `${lines.length} instructions`
}

async function sharedLinkOf(page: Page): Promise<string> {
  await page.getByText('2 of 5 images').waitFor()
  const link = page.url()
  const other = await page.context().newPage()
  await other.goto(link)
  await other.getByText('2 of 5 images').waitFor()
  await other.getByRole('button', { name: 'Unlock demo/worker:v1' }).waitFor()
  await other.getByRole('region', { name: 'Journal' }).getByText('CMD ["node", "worker.js"]').waitFor()
  await other.close()
  await page.goBack()
  await settle(page)
  return new URL(link).search
}

async function stepOf(page: Page): Promise<string> {
  await page.getByRole('heading', { name: /^Step 5/ }).waitFor()
  expect(new URL(page.url()).searchParams.get('step') === '5', `the address says ${page.url()}`)
  await page.reload()
  await page.getByRole('heading', { name: /^Step 5/ }).waitFor()
  return (await page.getByRole('heading', { name: /^Step 5/ }).textContent()) ?? ''
}
