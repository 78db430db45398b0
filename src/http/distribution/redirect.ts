import type { BlobView } from '../../registry/blobs.ts'
import type { Exchange, Reply } from '../exchange.ts'

/** How long a client may wait with its first byte. Shorter than removed bytes stay in the trash. */
export const URL_SECONDS = 900

/**
 * 307 to where the store itself gives the bytes, with or without one range; undefined when they must come from here.
 * Go's clients send their Authorization along to the same host name on any port, and to names below it; the store
 * would refuse a request with two kinds of credentials.
 */
export async function redirected(
  { origin }: Pick<Exchange, 'origin'>,
  blob: Pick<BlobView, 'presign' | 'digest'>,
): Promise<Reply | undefined> {
  const url = await blob.presign(URL_SECONDS)
  // A Host may have a port that no URL has.
  if (url === undefined || !URL.canParse(origin) || areRelated(hostOf(origin), hostOf(url))) return undefined
  return {
    status: 307,
    headers: {
      location: url,
      'docker-content-digest': blob.digest,
      // The URL ends long before the content does.
      'cache-control': 'no-store',
    },
  }
}

function hostOf(url: string): string {
  return new URL(url).hostname
}

/** Whether one host name is the other one, or a name below it. */
export function areRelated(one: string, other: string): boolean {
  return one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`)
}
