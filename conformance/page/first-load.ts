import { expect } from '../report.ts'
import { openWindow, settle } from './browser.ts'
import type { World } from './task.ts'

/** What the first view of a registry with three projects may cost: bytes on the wire, and requests. */
const BYTES = 150_000
const REQUESTS = 16
/** A phone of a few years ago: Chromium's own «Fast 3G», and a quarter of this machine's speed. */
const FAST_3G = { offline: false, latency: 150, downloadThroughput: 204_800, uploadThroughput: 96_000 }
const SLOWER = 4

/**
 * The first view over a slow line: so many bytes and requests, and never a blank page. The time is told, not judged: other
 * work runs beside the tests.
 */
export async function firstLoad({ browser, url, session }: World): Promise<string> {
  const { page, context } = await openWindow(browser, url, { session })
  const devtools = await context.newCDPSession(page)
  await devtools.send('Network.emulateNetworkConditions', FAST_3G)
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER })
  let [bytes, requests] = [0, 0]
  await devtools.send('Network.enable')
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
    requests += 1
  })
  const begun = performance.now()
  await page.goto('/', { waitUntil: 'commit' })
  await page.getByRole('searchbox').waitFor()
  const usable = performance.now() - begun
  await page.getByRole('link', { name: 'demo', exact: true }).waitFor()
  const filled = performance.now() - begun
  await settle(page)
  await context.close()
  expect(bytes > 0 && bytes < BYTES, `${bytes} bytes`)
  expect(requests <= REQUESTS, `${requests} requests`)
  return `${Math.round(bytes / 1000)} kB in ${requests} requests; at a quarter of the speed over Fast 3G usable after ${Math.round(usable)} ms, filled after ${Math.round(filled)} ms`
}
