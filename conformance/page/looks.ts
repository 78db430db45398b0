import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { z } from 'zod'
import { expect } from '../report.ts'
import { workFolder } from '../servers/workspace.ts'
import { openWindow, settle } from './browser.ts'
import type { World } from './task.ts'

/** A view as it is looked at. */
export interface Scene {
  name: string
  address: string
  /** Brings the view into the state that is looked at. */
  act?: (page: Page) => Promise<void>
}

const WIDTHS = [1440, 768, 360]
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
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 })
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
        if (wide > 0) failures.push(`at ${width} px it is ${wide} px wider than the window`)
        for (const colorScheme of SCHEMES) {
          await page.emulateMedia({ colorScheme })
          const file = path.join(folder, `${scene.name}-${width}-${colorScheme}.png`)
          await page.screenshot({ path: file, fullPage: true })
          // Colours are the same in every width, and what else is looked for is in one of them.
          if (width === WIDTHS[0] || (width === WIDTHS.at(-1) && colorScheme === SCHEMES[0]))
            failures.push(...(await seriousIn(page, axe)).map((one) => `${width} px, ${colorScheme}: ${one}`))
        }
      }
      expect(failures.length === 0, failures.join('; '))
      expect(complaints.length === 0, complaints.join('; '))
      return `${WIDTHS.length * SCHEMES.length} pictures`
    })
  await context.close()
}

async function seriousIn(page: Page, axe: string): Promise<string[]> {
  await page.evaluate(axe)
  const found: unknown = await page.evaluate('axe.run().then(({ violations }) => violations)')
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
