import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { z } from 'zod'
import { expect } from '../report.ts'
import { workFolder } from '../servers/workspace.ts'
import { openWindow, settle, signIn } from './browser.ts'
import type { World } from './tasks.ts'

/** A view as it is looked at. */
export interface Scene {
  name: string
  address: string
  signedIn?: boolean
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
export async function lookAt({ browser, url, report }: World, scenes: readonly Scene[]): Promise<void> {
  const folder = await workFolder('reports', 'screenshots')
  const axe = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
  for (const scheme of SCHEMES)
    for (const width of WIDTHS)
      await report.scenario(`looks at ${width} px, ${scheme}`, async () => {
        const { page, context, complaints } = await openWindow(browser, url, {
          width,
          scheme,
          bypassPolicy: true,
        })
        const failures: string[] = []
        try {
          if (scenes.some(({ signedIn = true }) => signedIn)) await signIn(page)
          for (const scene of scenes) {
            await page.goto(scene.address)
            await settle(page)
            await scene.act?.(page)
            await page.screenshot({
              path: path.join(folder, `${scene.name}-${width}-${scheme}.png`),
              fullPage: true,
            })
            const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
            if (wide > 0) failures.push(`${scene.name} is ${wide} px wider than the window`)
            failures.push(...(await seriousIn(page, axe)).map((one) => `${scene.name}: ${one}`))
          }
        } finally {
          await context.close()
        }
        expect(failures.length === 0, failures.join('; '))
        expect(complaints.length === 0, complaints.join('; '))
        return `${scenes.length} views`
      })
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
