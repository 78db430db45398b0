import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { z } from 'zod'
import { expect } from '../report.ts'
import { workFolder } from '../servers/workspace.ts'
import { openWindow, settle } from './browser.ts'
import { outlineOf } from './heard.ts'
import type { World } from './task.ts'

/** A view as it is looked at. */
export interface Scene {
  name: string
  address: string
  /** Brings the view into the state that is looked at. */
  act?: (page: Page) => Promise<void>
}

const WIDTHS = [1440, 768, 360]
/** A window of 1280 px at a zoom of 400 %: nothing but a table or a picture in its own frame may need to be moved sideways. */
const NARROWEST = 320
const HIGHEST = 4000
const SCHEMES = ['light', 'dark'] as const

const violations = z.array(
  z.object({
    id: z.string(),
    impact: z.string().nullish(),
    help: z.string(),
    nodes: z.array(z.object({ target: z.array(z.unknown()), failureSummary: z.string().optional() })),
  }),
)

/** Each scene in three widths, light and dark: a picture of each, nothing wider than the window, axe finds nothing serious. */
export async function lookAt(
  { browser, url, report, session }: World,
  scenes: readonly Scene[],
): Promise<void> {
  const folder = await workFolder('reports', 'screenshots')
  const axe = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
  const { page, context, complaints } = await openWindow(browser, url, { session, bypassPolicy: true })
  for (const scene of scenes)
    await report.scenario(`looks at ${scene.name}`, async () => {
      complaints.length = 0
      const failures: string[] = []
      await page.setViewportSize({ width: 1440, height: 900 })
      await page.goto(scene.address)
      await settle(page)
      await scene.act?.(page)
      await page.evaluate(axe)
      failures.push(...(await outlineOf(page)), ...(await tooWide(page, NARROWEST)))
      for (const width of WIDTHS) {
        failures.push(...(await tooWide(page, width)))
        for (const colorScheme of SCHEMES) {
          await page.emulateMedia({ colorScheme })
          const file = path.join(folder, `${scene.name}-${width}-${colorScheme}.png`)
          await takePicture(page, file)
          const rules = rulesAt(width, colorScheme)
          const found = rules === undefined ? [] : await seriousIn(page, rules)
          failures.push(...found.map((one) => `${width} px, ${colorScheme}: ${one}`))
        }
      }
      expect(failures.length === 0, failures.join('; '))
      expect(complaints.length === 0, complaints.join('; '))
      return `${WIDTHS.length * SCHEMES.length} pictures`
    })
  await context.close()
}

async function tooWide(page: Page, width: number): Promise<string[]> {
  await page.setViewportSize({ width, height: 900 })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  return wide > 0 ? [`at ${width} px it is ${wide} px wider than the window`] : []
}

const CONTRAST = 'color-contrast'

/** Each rule where it may find something new: it takes more time than all else. Colours differ by scheme, the rest by width. */
function rulesAt(width: number, scheme: (typeof SCHEMES)[number]): object | undefined {
  if (width === WIDTHS[0]) return scheme === 'light' ? {} : { runOnly: [CONTRAST] }
  const isNarrow = width === WIDTHS.at(-1) && scheme === 'light'
  return isNarrow ? { rules: { [CONTRAST]: { enabled: false } } } : undefined
}

/** All of the view, or as much of it as anybody looks at: the time of a picture grows with its height. */
async function takePicture(page: Page, file: string): Promise<void> {
  const [width, height] = await page.evaluate(() => [
    window.innerWidth,
    document.documentElement.scrollHeight,
  ])
  await page.screenshot({
    path: file,
    fullPage: true,
    clip: { x: 0, y: 0, width, height: Math.min(height, HIGHEST) },
  })
}

/** What axe, which is in the page, finds. */
async function seriousIn(page: Page, rules: object): Promise<string[]> {
  const options = JSON.stringify({ ...rules, resultTypes: ['violations'] })
  const found: unknown = await page.evaluate(`axe.run(${options}).then(({ violations }) => violations)`)
  return violations
    .parse(found)
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) =>
        `${id} (${help}) at ${nodes
          .slice(0, 3)
          .map(({ target }) => target.join(' '))
          .join(', ')}`,
    )
}
