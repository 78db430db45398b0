import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { admin } from '../servers/lamina.ts'

/** Debian's Chromium, without sandbox (tests run as root) and without anything it would do on its own. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** A session of the administrator, as the browser keeps it. */
export type Session = Awaited<ReturnType<BrowserContext['storageState']>>

/** How a window looks at the page. */
export interface Look {
  /** Without one nobody is signed in. */
  session?: Session | undefined
  /** For tools that put their own scripts into the page. */
  bypassPolicy?: boolean
}

/** A window, and everything in it that should not have happened. */
export interface Window {
  page: Page
  context: BrowserContext
  /** Errors of scripts, violations of the policy, requests to other hosts. */
  complaints: string[]
}

/** Opens a window on a registry. */
export async function openWindow(browser: Browser, url: string, look: Look = {}): Promise<Window> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1440, height: 900 },
    bypassCSP: look.bypassPolicy ?? false,
    reducedMotion: 'reduce',
    ...(look.session !== undefined && { storageState: look.session }),
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    const text = message.text()
    // The browser reports answers such as 404 by itself: the page shows them, which other tests look at.
    if (message.type() === 'error' && !text.startsWith('Failed to load resource'))
      complaints.push(`console: ${text}`)
  })
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`request: ${request.url()}`)
  })
  return { page, context, complaints }
}

/** Signs in through the form; without a name as the administrator. */
export async function signIn(page: Page, { user, password } = admin): Promise<void> {
  await page.goto('sign-in')
  await page.getByLabel('User name').fill(user)
  await page.getByLabel('Password or token').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Projects' }).waitFor()
}

/** Signs in once, for all windows that need no sign-in of their own. */
export async function openSession(browser: Browser, url: string): Promise<Session> {
  const { page, context } = await openWindow(browser, url)
  await signIn(page)
  const session = await context.storageState()
  await context.close()
  return session
}

/** Waits until nothing is being read any more. */
export async function settle(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle')
  await page.waitForFunction(() => document.querySelector('.loading, .stale') === null)
}

/** Presses Tab until the focus is on what has this accessible name; fails when the whole page has been walked. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let count = 0; count < 200; count += 1) {
    const found = await page.evaluate(() => {
      const element = document.activeElement
      if (element === null) return ''
      const label = element.closest('label') ?? element
      return (element.getAttribute('aria-label') ?? label.textContent).trim()
    })
    if (typeof name === 'string' ? found === name : name.test(found)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`no way by Tab to ${String(name)}`)
}
