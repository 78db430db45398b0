import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Page } from 'playwright-core'
import type { Image } from '../fixtures/image.ts'
import { tar } from '../fixtures/tar.ts'
import { expect } from '../report.ts'
import { workFolder } from '../servers/workspace.ts'
import { tabTo } from './browser.ts'
import { brought } from './family.ts'
import type { Task } from './task.ts'

/** Images in and out through the page, without docker. */
export const ARCHIVE_TASKS: readonly Task[] = [
  {
    name: 'bring an image in as an archive, of which only the new layer is sent',
    mouse: async (page) => {
      await page.goto('project?name=demo')
      await page.getByRole('link', { name: 'Upload an archive' }).click()
      await page.getByLabel('Goes to').fill('demo/brought:mouse')
      await chooseArchive(page, 'mouse')
      await page.getByRole('button', { name: 'Send' }).click()
      return arrived(page, 'demo/brought:mouse')
    },
    keyboard: async (page) => {
      // Asked for early: the browser has to be told before a key is pressed.
      const chooser = page.waitForEvent('filechooser')
      await page.goto('upload?to=demo/brought:keys')
      await page.getByLabel('Archive').waitFor()
      await tabTo(page, 'Archive')
      await page.keyboard.press('Space')
      await (await chooser).setFiles(await archiveFile('keys'))
      await tabTo(page, 'Send')
      await page.keyboard.press('Enter')
      return arrived(page, 'demo/brought:keys')
    },
  },
  {
    name: 'take an image out and bring it in elsewhere, with the same digest',
    mouse: async (page) => {
      await page.goto('image?ref=tools/backup:amd64')
      await page.getByRole('button', { name: 'Export' }).click()
      const download = page.waitForEvent('download')
      await page.getByRole('link', { name: 'OCI layout' }).click()
      return broughtBack(page, 'demo/again:mouse', await (await download).path())
    },
    keyboard: async (page) => {
      await page.goto('image?ref=tools/backup:amd64')
      await page.getByRole('button', { name: 'Export' }).waitFor()
      await tabTo(page, 'Export')
      await page.keyboard.press('Enter')
      await tabTo(page, 'Docker archive')
      const download = page.waitForEvent('download')
      await page.keyboard.press('Enter')
      return broughtBack(page, 'demo/again:keys', await (await download).path())
    },
  },
]

/** Chooses the archive of an image that no test has pushed. */
export async function chooseArchive(page: Page, name: string): Promise<void> {
  await page.getByLabel('Archive').setInputFiles(await archiveFile(name))
}

/** Sends what is no archive: the reason is shown in words. */
export async function sendText(page: Page): Promise<void> {
  const buffer = Buffer.from('This is no archive. '.repeat(100))
  await page.getByLabel('Archive').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer })
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByRole('alert').getByText('no tar archive').waitFor()
}

async function arrived(page: Page, ref: string): Promise<string> {
  const headline = page.getByRole('heading', { name: /can be pulled/ })
  await headline.waitFor()
  const told = (await headline.textContent()) ?? ''
  expect(/3(?:\.\d+)? MB sent, 1 piece already here$/.test(told), told)
  await page
    .getByText(/here, in another repository|already here/, { exact: false })
    .first()
    .waitFor()
  await page.getByText('stored').waitFor()
  // What is there in full is not sent again.
  await page.getByRole('button', { name: 'Send' }).click()
  await page.getByText('3 pieces already here').waitFor()
  await page.getByRole('link', { name: ref }).click()
  await page.getByRole('option', { name: /^Step 3 COPY/ }).waitFor()
  return told
}

async function broughtBack(page: Page, ref: string, file: string): Promise<string> {
  const wanted = await page.locator('.heading .digest code').first().getAttribute('title')
  await page.goto(`upload?to=${ref}`)
  await page.getByLabel('Archive').setInputFiles(file)
  await page.getByRole('button', { name: 'Send' }).click()
  const found = page.locator('.uploaded code')
  await found.waitFor()
  const got = (await found.getAttribute('title')) ?? 'nothing'
  expect(got === wanted, `${String(wanted)} came back as ${got}`)
  return got
}

/** On disk, as people have it: the browser reads it from there. */
async function archiveFile(name: string): Promise<string> {
  const file = path.join(await workFolder('archives'), `${name}.tar`)
  await writeFile(file, archiveOf(brought(name)))
  return file
}

/** image-spec "Image Layout", as `skopeo copy` writes it. */
export function archiveOf({ layers, config, manifest }: Image): Buffer {
  const named = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: manifest.digest,
    size: manifest.bytes.length,
  }
  const json = (name: string, value: unknown) => ({ name, body: Buffer.from(JSON.stringify(value)) })
  return tar([
    json('oci-layout', { imageLayoutVersion: '1.0.0' }),
    json('index.json', { schemaVersion: 2, manifests: [named] }),
    ...[manifest, config, ...layers].map(({ digest, bytes }) => ({
      name: `blobs/${digest.replace(':', '/')}`,
      body: bytes,
    })),
  ])
}
