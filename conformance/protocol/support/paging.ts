import type { Client } from './client.ts'
import type { Reply } from './wire.ts'

/**
 * The URL of the next page. Throws unless Link is as P§1.6 wants it: "relative, single, last encoded":
 * GG and OG reject another scheme or host, CL cuts at the first `;` and trims angle brackets, RC needs rel=next.
 */
export function nextOf(reply: Reply): string | undefined {
  const link = reply.header('link')
  if (link === undefined) return undefined
  const [, target] = /^<(\/v2\/[^<>;,\s]+)>; ?rel="next"$/.exec(link) ?? []
  if (target === undefined) throw new Error(`not a Link that clients follow: ${link}`)
  return target
}

/** Every page from `path` on. Throws on a Link that leads in circles. */
export async function pagesFrom(client: Client, path: string): Promise<Reply[]> {
  const pages: Reply[] = []
  const seen = new Set<string>()
  for (let next: string | undefined = path; next !== undefined; ) {
    if (seen.has(next)) throw new Error(`page ${next} leads to itself`)
    seen.add(next)
    const page: Reply = await client.get(next)
    if (page.status !== 200) throw new Error(`page ${next}: ${page.status} ${page.text}`)
    pages.push(page)
    next = nextOf(page)
  }
  return pages
}
