import type { Browser, Page } from 'playwright-core'
import type { Report } from '../report.ts'
import type { Session } from './browser.ts'

/** Everything a task needs: a browser and a registry with the family of images. */
export interface World {
  browser: Browser
  url: string
  report: Report
  session: Session
}

/** One thing that people come for; `act` returns what was found. */
export interface Task {
  name: string
  mouse: (page: Page) => Promise<string>
  keyboard: (page: Page) => Promise<string>
}
