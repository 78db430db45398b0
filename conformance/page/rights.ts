import type { Page } from 'playwright-core'
import { expect } from '../report.ts'
import { openWindow, settle, signIn } from './browser.ts'
import { viewer } from './seed.ts'
import type { World } from './task.ts'

/** Who may only look is shown everything there is to see, and offered nothing that would be refused. */
export async function driveRights({ browser, url, report }: World): Promise<void> {
  await report.scenario('who may only pull is offered nothing else', async () => {
    const { page, context, complaints } = await openWindow(browser, url)
    await signIn(page, viewer)
    await page.goto('repository?name=demo/spare')
    await page.getByRole('button', { name: 'History of current' }).click()
    await page.getByText('now', { exact: true }).waitFor()
    await offersNone(page, ['Delete', 'Roll back here', 'Restore'])
    await page.goto('project?name=demo')
    await page.getByRole('link', { name: 'demo/app', exact: true }).waitFor()
    const tabs = await page
      .getByRole('navigation', { name: 'Parts of the project' })
      .getByRole('link')
      .allTextContents()
    expect(tabs.join() === 'Repositories,Retention', `the project has ${tabs.join()}`)
    await page.goto('project?name=demo&part=retention')
    await page.getByText('Nothing is deleted by itself').waitFor()
    await offersNone(page, ['Add a rule'])
    // Written by hand, the address says in words what is missing.
    await page.goto('project?name=demo&part=members')
    await page.getByRole('alert').getByText('admin').waitFor()
    await page.goto('file?ref=demo/app:v11&path=app/version.txt')
    await page.getByRole('region', { name: 'Text of the file' }).getByText('1.11.0').waitFor()
    // Projects of others look as if they were not there.
    for (const hidden of ['repository?name=zoo/hostile', 'image?ref=zoo/hostile:latest']) {
      await page.goto(hidden)
      await page.getByRole('alert').first().waitFor()
    }
    await context.close()
    expect(complaints.length === 0, complaints.join('; '))
    return tabs.join(', ')
  })
}

async function offersNone(page: Page, names: readonly string[]): Promise<void> {
  await settle(page)
  for (const name of names) {
    const found = await page.getByText(new RegExp(`^${name}\\b`)).count()
    expect(found === 0, `${name} is offered`)
  }
}
