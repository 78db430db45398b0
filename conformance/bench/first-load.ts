import { RegistryClient } from '../servers/registry-client.ts'
import type { Row } from './report.ts'

/** Bytes of the page's first load. */
const LIMIT = 150_000

/** What a browser fetches before the page can be used, as it is sent: compressed. */
export async function measureFirstLoad(url: string): Promise<Row> {
  const client = new RegistryClient(url)
  const sizes = new Map<string, number>()
  const fetched = async (path: string, encoding: string): Promise<Buffer> => {
    const { status, body } = await client.request('GET', path, { headers: { 'accept-encoding': encoding } })
    if (status !== 200) throw new Error(`GET ${path} answered ${status}`)
    return body
  }
  const page = (await fetched('/', 'identity')).toString()
  const parts = [...page.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(([, path = '']) => path)
  if (parts.length === 0) throw new Error('the page names no script')
  for (const path of ['/', ...parts])
    sizes.set(path, (await fetched(new URL(path, url).pathname, 'br, gzip')).length)
  client.close()
  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  return {
    what: "the page's first load",
    value: `${(bytes / 1000).toFixed(0)} kB compressed`,
    beside: `${sizes.size} files; \`npm run test:page\` loads it in a browser`,
    target: `< ${LIMIT / 1000} kB`,
    met: bytes < LIMIT,
  }
}
