import { stat } from 'node:fs/promises'
import { isLoopback } from '../config/address.ts'
import type { LoadedConfig } from '../config/load.ts'
import { type Config, SETTINGS } from '../config/schema.ts'
import { bad, type Finding, good, warning } from './finding.ts'

const HOUR = 3_600_000

/** What the settings say together, before anything is tried. */
export async function checkSettings({ config, given }: LoadedConfig): Promise<Finding[]> {
  return [access(config), publicUrl(config), grace(config), scrub(config), ...(await secretFiles(given))]
}

function access({ auth, listen }: Config): Finding {
  if (auth === 'on') return good('auth', 'on')
  if (isLoopback(listen.host))
    return warning('auth', 'off: any user of this machine may do anything', 'LAMINA_AUTH=on')
  return bad(
    'auth',
    'off, and other machines reach this server: anyone may change every image',
    'LAMINA_AUTH=on',
  )
}

function publicUrl({ publicUrl: url, listen, tlsCert, trustedProxies }: Config): Finding {
  if (url?.startsWith('http:') === true && !isLoopback(new URL(url).hostname))
    return bad(
      'public-url',
      `${url} is plain HTTP, which docker and Kubernetes refuse, and which shows passwords to the network`,
      'Use HTTPS: `lamina tls init`, or a proxy with a certificate; then LAMINA_PUBLIC_URL=https://…',
    )
  if (url !== undefined) return good('public-url', url)
  if (isLoopback(listen.host) || tlsCert !== undefined)
    return good('public-url', 'each request says under which name it came')
  if (trustedProxies === undefined)
    return warning(
      'public-url',
      'other machines reach this server by plain HTTP, and no proxy is known',
      'Behind a proxy with a certificate, set LAMINA_PUBLIC_URL to its https address, or LAMINA_TRUSTED_PROXIES to its own. Without one: `lamina tls init`.',
    )
  return good('public-url', 'proxies of LAMINA_TRUSTED_PROXIES say it')
}

function grace({ grace: time }: Config): Finding {
  if (time >= HOUR) return good('grace', `unused content stays for ${time / HOUR} hours`)
  return warning(
    'grace',
    `content that nothing refers to yet is collected after ${time / 1000} s`,
    'A push that takes longer, from its first check to its manifest, loses layers and fails. Set LAMINA_GRACE to 24h, or to the longest push.',
  )
}

function scrub({ scrubEvery, blobs }: Config): Finding {
  if (scrubEvery > 0 || blobs.kind === 's3')
    return good('scrub', 'stored bytes are read again from time to time')
  return warning(
    'scrub',
    'stored bytes are never read again: what a disk loses is found by who pulls it',
    'Set LAMINA_SCRUB_EVERY, to 30d for example, or run `lamina scrub start` by yourself.',
  )
}

/** Files that hold a secret and that others may read. */
async function secretFiles(given: LoadedConfig['given']): Promise<Finding[]> {
  const files = new Map<string, boolean>()
  for (const { key, secret } of SETTINGS) {
    const found = given.get(key)
    if (secret && found?.source.startsWith('/') === true) files.set(found.source, found.inFile === true)
  }
  return Promise.all(
    [...files].map(async ([file, isMounted]) => {
      const { mode } = await stat(file)
      if (isMounted) return mountedSecret(file, mode)
      if ((mode & 0o077) === 0) return good('secrets', `nobody else may read ${file}`)
      return bad('secrets', `${file} holds secrets, and others may read it`, `\`chmod 600 ${file}\``)
    }),
  )
}

/** What hands secrets out as files often lets a group read them, and all users of a container that has one. */
function mountedSecret(file: string, mode: number): Finding {
  if ((mode & 0o007) === 0) return good('secrets', `not everybody may read ${file}`)
  return warning(
    'secrets',
    `every user of this machine, or of this container, may read ${file}`,
    `\`chmod 600 ${file}\`, or mount it with the mode 0440. Where no other user is, leave it.`,
  )
}
