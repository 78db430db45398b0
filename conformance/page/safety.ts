import http from 'node:http'
import type { Page } from 'playwright-core'
import { expect } from '../report.ts'
import { admin } from '../servers/lamina.ts'
import { listen } from '../servers/loopback.ts'
import { openWindow, settle, signIn } from './browser.ts'
import { firstLoad } from './first-load.ts'
import { startPrefixProxy } from './prefix-proxy.ts'
import type { World } from './task.ts'

/** Addresses that would lead elsewhere. */
const ELSEWHERE = ['https://evil.example/', '//evil.example/', '/\\evil.example/', 'javascript:alert(1)']

/** What must not be possible, and what must hold in every place. */
export async function driveSafety(world: World): Promise<void> {
  const { browser, url, report, session } = world
  await report.scenario('texts of a hostile image stay texts', async () => {
    const { page, context, complaints } = await openWindow(browser, url, { session })
    const places = [
      'image?ref=zoo/hostile:latest&step=2',
      'grid?i=zoo/hostile:latest',
      'grid?i=zoo/hostile:latest&as=table',
      'grid?i=zoo/hostile:latest&as=icicle',
      'compare?a=zoo/hostile:latest&b=demo/worker:v1',
      'repository?name=zoo/hostile',
      'file?ref=zoo/hostile:latest&path=index.html',
      'file?ref=zoo/hostile:latest&path=picture.svg',
      'file?ref=zoo/hostile:latest&path=picture.svg&as=hex',
      'file?ref=zoo/hostile:latest&path=javascript:alert(1)',
      'file?ref=zoo/hostile:latest&path=<img src=x onerror=window.pwned=1>',
      'file?ref=zoo/hostile:latest&path=nothing<script>window.pwned=1</script>',
      'layer?digest=<script>window.pwned=1</script>',
      '?q=<img src=x onerror=window.pwned=1>',
      'image?ref=<script>window.pwned=1</script>',
      'project?name="><script>window.pwned=1</script>',
    ]
    for (const place of places) {
      await page.goto(place)
      await settle(page)
      const planted = await page.evaluate(
        () =>
          'pwned' in window ||
          document.querySelector(
            'main script, main img, main iframe, main [onerror], main a[href^="javascript:"]',
          ) !== null,
      )
      expect(!planted, `${place} ran or planted something`)
    }
    await page.goto('image?ref=zoo/hostile:latest&step=2')
    await page.getByText('\\u{202e}').first().waitFor()
    await context.close()
    expect(complaints.length === 0, complaints.join('; '))
    return `${places.length} places`
  })
  await report.scenario('signing in leads nowhere else', async () => {
    for (const to of ELSEWHERE) {
      const { page, context } = await openWindow(browser, url)
      await page.goto(`sign-in?to=${encodeURIComponent(to)}`)
      await page.getByLabel('User name').fill('admin')
      await page.getByLabel('Password or token').fill('wrong')
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await page.getByRole('alert').getByText('request').waitFor()
      await context.close()
      const again = await openWindow(browser, url)
      await again.page.goto(`sign-in?to=${encodeURIComponent(to)}`)
      await signInHere(again.page)
      expect(new URL(again.page.url()).pathname === '/', `it went to ${again.page.url()}`)
      expect(again.complaints.length === 0, again.complaints.join('; '))
      await again.context.close()
    }
    return `${ELSEWHERE.length} addresses`
  })
  await report.scenario('another site changes nothing with the cookie', () => crossSite(world))
  await report.scenario('below a path of a proxy', async () => {
    const proxy = await startPrefixProxy(url, '/tools/registry/')
    try {
      const { page, context, complaints } = await openWindow(browser, proxy.url)
      await page.goto(`${proxy.url}/tools/registry/sign-in`)
      await signInHere(page)
      await page.getByRole('link', { name: 'Grid' }).click()
      await page.getByRole('heading', { name: 'Grid' }).waitFor()
      expect(new URL(page.url()).pathname === '/tools/registry/grid', `the address is ${page.url()}`)
      await page.reload()
      await page.getByRole('heading', { name: 'Grid' }).waitFor()
      await context.close()
      expect(complaints.length === 0, complaints.join('; '))
      return proxy.url
    } finally {
      proxy.close()
    }
  })
  await report.scenario('the first view over a slow line', () => firstLoad(world))
}

async function signInHere(page: Page): Promise<void> {
  await page.getByLabel('User name').fill(admin.user)
  await page.getByLabel('Password or token').fill(admin.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Projects' }).waitFor()
}

/** A page of another origin tries what scripts can try: plain forms, and fetch with credentials. */
async function crossSite({ browser, url }: World): Promise<string> {
  const attacker = http.createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>elsewhere</title>')
  })
  const port = await listen(attacker)
  try {
    const { page, context } = await openWindow(browser, url)
    await signIn(page)
    const other = await context.newPage()
    await other.goto(`http://127.0.0.1:${port}/`)
    const tried = await other.evaluate(async (target) => {
      const tries: [string, RequestInit][] = [
        ['api/v1/session', { method: 'DELETE' }],
        [
          'api/v1/projects',
          { method: 'POST', body: '{"name":"planted"}', headers: { 'content-type': 'application/json' } },
        ],
        ['api/v1/projects', { method: 'POST', body: '{"name":"planted"}', mode: 'no-cors' }],
        ['api/v1/keys/rotate', { method: 'POST', mode: 'no-cors' }],
        ['api/v1/import?ref=planted/app:v1', { method: 'POST', body: new FormData(), mode: 'no-cors' }],
      ]
      for (const [path, init] of tries)
        await fetch(`${target}/${path}`, { ...init, credentials: 'include' }).catch(() => undefined)
      return tries.length
    }, url)
    const projects = await page.request.get(`${url}/api/v1/projects`)
    expect(!(await projects.text()).includes('planted'), 'a project was planted')
    await page.reload()
    await page.getByRole('button', { name: 'Sign out' }).waitFor()
    await context.close()
    return `${tried} tries`
  } finally {
    attacker.close()
  }
}
