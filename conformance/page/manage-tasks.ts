import type { Page } from 'playwright-core'
import { expect } from '../report.ts'
import { tabTo } from './browser.ts'
import type { Task } from './task.ts'

const SPARE = 'repository?name=demo/spare'
const BADGES = 'project?name=demo&part=badges'

/** What people do who look after a repository. */
export const MANAGE_TASKS: readonly Task[] = [
  {
    name: 'delete an image knowing what goes, and bring it back',
    mouse: async (page) => {
      await page.goto(SPARE)
      await page.getByRole('button', { name: 'Delete one' }).click()
      await page.getByLabel(/^The image, with 1 tag/).check()
      const fate = await fateOf(page)
      await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
      await page.getByRole('link', { name: 'one', exact: true }).waitFor({ state: 'detached' })
      await page.getByText('Deleted lately').click()
      await page.getByRole('button', { name: 'Restore' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Restore' }).click()
      await page.getByRole('link', { name: 'one', exact: true }).waitFor()
      return fate
    },
    keyboard: async (page) => {
      await page.goto(SPARE)
      await page.getByRole('button', { name: 'Delete two' }).waitFor()
      await tabTo(page, 'Delete two')
      await page.keyboard.press('Enter')
      await page.getByLabel(/^The tag two alone/).waitFor()
      await tabTo(page, /^The tag two alone/)
      await page.keyboard.press('ArrowDown')
      const fate = await fateOf(page)
      await tabTo(page, 'Delete')
      await page.keyboard.press('Enter')
      await page.getByRole('link', { name: 'two', exact: true }).waitFor({ state: 'detached' })
      await tabTo(page, 'Deleted lately')
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Restore' }).waitFor()
      await tabTo(page, 'Restore')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      await tabTo(page, 'Restore')
      await page.keyboard.press('Enter')
      await page.getByRole('link', { name: 'two', exact: true }).waitFor()
      return fate
    },
  },
  {
    name: 'roll a tag back',
    mouse: async (page) => {
      await page.goto(SPARE)
      await page.getByRole('button', { name: 'History of current' }).click()
      return rolledBack(page, async () => {
        await page.getByRole('button', { name: 'Roll back here' }).first().click()
        await page.getByRole('button', { name: 'Roll back', exact: true }).click()
      })
    },
    keyboard: async (page) => {
      await page.goto(SPARE)
      await page.getByRole('button', { name: 'History of current' }).waitFor()
      await tabTo(page, 'History of current')
      await page.keyboard.press('Enter')
      return rolledBack(page, async () => {
        await tabTo(page, 'Roll back here')
        await page.keyboard.press('Enter')
        await page.getByRole('button', { name: 'Roll back', exact: true }).waitFor()
        await tabTo(page, 'Roll back')
        await page.keyboard.press('Enter')
      })
    },
  },
  {
    name: 'keep an image from the rules, and let it go',
    mouse: async (page) => {
      await page.goto(SPARE)
      for (const act of ['Keep', 'Let go']) {
        await page.getByRole('button', { name: `${act} three` }).click()
        await page.getByRole('dialog').getByRole('button', { name: act, exact: true }).click()
        await page.getByRole('dialog').waitFor({ state: 'detached' })
      }
      return notKept(page)
    },
    keyboard: async (page) => {
      await page.goto(SPARE)
      for (const act of ['Keep', 'Let go']) {
        await page.getByRole('button', { name: `${act} three` }).waitFor()
        await tabTo(page, `${act} three`)
        await page.keyboard.press('Enter')
        await page.getByRole('dialog').waitFor()
        await tabTo(page, act)
        await page.keyboard.press('Enter')
        await page.getByRole('dialog').waitFor({ state: 'detached' })
      }
      return notKept(page)
    },
  },
  {
    name: 'make a key for CI',
    mouse: async (page) => {
      await page.goto('project?name=demo&part=accounts')
      await page.getByText('Make a service account').click()
      await page.getByLabel('Name', { exact: true }).fill('ci-mouse')
      await page.getByRole('button', { name: 'Make the account' }).click()
      return keyOf(page, 'demo+ci-mouse')
    },
    keyboard: async (page) => {
      await page.goto('project?name=demo&part=accounts')
      await page.getByText('Make a service account').waitFor()
      await tabTo(page, 'Make a service account')
      await page.keyboard.press('Enter')
      await tabTo(page, /^Name/)
      await page.keyboard.type('ci-keys')
      await page.keyboard.press('Enter')
      return keyOf(page, 'demo+ci-keys')
    },
  },
  {
    name: 'make a badge key for the README of a private repository, and take it back',
    mouse: async (page) => {
      await page.goto(BADGES)
      await page.getByText('Make a badge key').click()
      await page.getByLabel('Repository', { exact: true }).fill('demo/worker')
      await page.getByRole('button', { name: 'Make the key' }).click()
      await page.getByLabel('Tag that it shows').fill('v1')
      const address = await keyedBadgeOf(page)
      await page.getByRole('button', { name: /^Take back the key/ }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click()
      return takenBack(page, address)
    },
    keyboard: async (page) => {
      await page.goto(BADGES)
      await page.getByText('Make a badge key').waitFor()
      await tabTo(page, 'Make a badge key')
      await page.keyboard.press('Enter')
      await tabTo(page, /^Repository/)
      await page.keyboard.type('demo/worker')
      await page.keyboard.press('Enter')
      await page.getByLabel('Tag that it shows').waitFor()
      await tabTo(page, /^Tag that it shows/)
      await page.keyboard.press('ControlOrMeta+A')
      await page.keyboard.type('v1')
      const address = await keyedBadgeOf(page)
      await tabTo(page, /^Take back/)
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      await tabTo(page, 'Take back')
      await page.keyboard.press('Enter')
      return takenBack(page, address)
    },
  },
]

/** On a registry whose images are old enough for rules. */
export const RETENTION_TASKS: readonly Task[] = [
  {
    name: 'see what a retention rule would take before it is set',
    mouse: async (page) => {
      await page.goto('project?name=demo&part=retention')
      await page.getByText('Add a rule').click()
      await page.getByLabel('Name', { exact: true }).fill('old')
      await page.getByLabel(/^Tags/).fill('*')
      await page.getByLabel(/^Keep the last/).fill('1')
      await page.getByLabel(/^Keep what was pulled/).fill('0')
      await page.getByRole('button', { name: 'Show what it would take' }).click()
      const taken = await takenBy(page)
      await page.getByRole('button', { name: 'Set this rule' }).click()
      await page.getByRole('button', { name: 'Set the rule' }).click()
      await page.getByRole('listitem').getByText('old', { exact: true }).waitFor()
      return taken
    },
    keyboard: async (page) => {
      await page.goto('project?name=demo&part=retention')
      await page.getByText('Add a rule').waitFor()
      await tabTo(page, 'Add a rule')
      await page.keyboard.press('Enter')
      await tabTo(page, /^Name/)
      await page.keyboard.type('others')
      await tabTo(page, /^Tags/)
      await page.keyboard.type('*')
      await tabTo(page, /^Keep the last/)
      await page.keyboard.type('1')
      await tabTo(page, /^Keep what was pulled/)
      await page.keyboard.type('0')
      await page.keyboard.press('Enter')
      return takenBy(page)
    },
  },
]

async function fateOf(page: Page): Promise<string> {
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Goes: 2 blobs').waitFor()
  return (await dialog.getByText('Goes: 2 blobs').textContent()) ?? ''
}

/** `rollBack` adds a step to the log that is open, which leads to what the step before the last one led to. */
async function rolledBack(page: Page, rollBack: () => Promise<void>): Promise<string> {
  await page.getByRole('button', { name: 'Roll back here' }).first().waitFor()
  const log = page.getByRole('dialog').first()
  const rows = await log.getByRole('row').count()
  await rollBack()
  await log.getByRole('row').nth(rows).waitFor()
  await log.getByRole('dialog').waitFor({ state: 'detached' })
  const digests = await log.locator('code').allTextContents()
  expect(digests[0] === digests[2], `the tag leads to ${digests.join(', ')}`)
  return `${digests[1]} → ${digests[0]}`
}

async function keyOf(page: Page, user: string): Promise<string> {
  const line = page.getByText(`docker login`).first()
  await line.waitFor()
  const text = (await line.textContent()) ?? ''
  const [, secret = ''] = new RegExp(`-u ${user.replace('+', '\\+')} -p (\\S+)`).exec(text) ?? []
  const login = `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`
  const answer = await fetch(new URL('/v2/', page.url()), { headers: { authorization: login } })
  expect(answer.status === 200, `the key is answered with ${answer.status}`)
  return user
}

/** The address that a README takes, which shows the badge to who is not signed in. */
async function keyedBadgeOf(page: Page): Promise<string> {
  const code = page.locator('pre').filter({ hasText: 'demo%2Fworker%3Av1' }).first()
  await code.waitFor()
  const [, address = ''] = /\]\((.*?)\)\]/.exec((await code.textContent()) ?? '') ?? []
  const badge = await (await fetch(address)).text()
  expect(/image size: .+ layers?</.test(badge), badge)
  return address
}

async function takenBack(page: Page, address: string): Promise<string> {
  await page.getByText('None yet').waitFor()
  const badge = await (await fetch(address)).text()
  expect(badge.includes('image size: unknown'), badge)
  return new URL(address).searchParams.get('ref') ?? ''
}

async function takenBy(page: Page): Promise<string> {
  const rows = page.getByRole('region', { name: 'What would go' }).or(page.getByRole('table')).first()
  await rows.getByText('demo/spare:one').waitFor()
  return (
    (await page
      .getByText(/^\d+ images? (?:or|and) tags?/)
      .first()
      .textContent()) ?? ''
  )
}

async function notKept(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Keep three' }).waitFor()
  const marks = await page.getByText('kept', { exact: true }).count()
  expect(marks === 0, `${marks} images are kept`)
  return 'three'
}
