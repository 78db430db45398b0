import type { Operation } from './openapi.ts'
import type { Ask } from './wire.ts'
import { IMAGES } from './world.ts'

/** Values of parameters, and what a body says, of things that are there. */
const LAYER = IMAGES['alpha/app'].blobs[1]?.digest ?? ''
const IMAGE = IMAGES['alpha/app'].digest
const THERE: Readonly<Record<string, string>> = {
  project: 'alpha',
  name: 'alpha/app',
  repository: 'alpha/app',
  ref: 'alpha/app:v1',
  a: 'alpha/app:v1',
  b: 'alpha/app:v1',
  tag: 'v1',
  reference: 'v1',
  digest: LAYER,
  user: 'viewer',
  image: 'app',
  namespace: 'alpha',
  job: 'scrub',
}

/** Well formed, and of nothing. */
const ABSENT: Readonly<Record<string, string>> = {
  name: 'alpha/absent',
  repository: 'absent/absent',
  ref: 'absent/absent:v1',
  a: 'absent/absent:v1',
  b: 'absent/absent:v1',
  digest: `sha256:${'0'.repeat(64)}`,
}

const BAD: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.keys(THERE).map((name) => [name, 'BAD..'])),
  digest: 'sha256:12',
  tag: '-bad',
  reference: '-bad',
}

/** The least that a body may say. */
const BODIES: Readonly<Record<string, unknown>> = {
  signIn: { username: 'viewer', password: 'wrong' },
  createToken: { name: 'laptop' },
  createUser: { name: 'someone' },
  setPassword: { password: 'a long enough password' },
  createProject: { name: 'somewhere' },
  changeProject: { public: false },
  putMember: { role: 'viewer' },
  createAccount: { name: 'robot', role: 'viewer' },
  createBadgeKey: { repository: 'alpha/app' },
  analyze: { images: ['alpha/app:v1'] },
  findKnownContent: { digests: [] },
  getPullPlan: { have: [], want: 'absent/absent:v1' },
  oldAnalyze: { repos: [{ name: 'alpha/app', tag: 'v1' }] },
  startBackup: { to: '/' },
  setReadOnly: { readOnly: false },
  rollbackTag: { repository: 'alpha/app', tag: 'v1' },
  restoreManifest: { repository: 'alpha/app', digest: IMAGE },
  keepManifest: { repository: 'alpha/app', digest: IMAGE, keep: false },
  setQuota: { quota: 1_000_000_000 },
  startMigration: { settings: {} },
}

type Values = Readonly<Record<string, string>>

function pathOf({ path, query }: Operation, values: Values, more: Values = {}): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? 'absent')
  const asked = new URLSearchParams([
    ...query.map((name): [string, string] => [name, values[name] ?? 'absent']),
    ...Object.entries(more),
  ])
  return asked.size === 0 ? filled : `${filled}?${asked.toString()}`
}

function withBody(
  one: Operation,
  path: string,
  body = JSON.stringify(BODIES[one.id] ?? {}),
  type = 'application/json',
): Ask {
  if (!one.takesJson) return { method: one.method, path }
  return { method: one.method, path, body, headers: { 'content-type': type } }
}

/** Asks for what is there. */
export function asIs(one: Operation): Ask {
  return withBody(one, pathOf(one, THERE))
}

/** Asks for what is in a project, by `app:v1` there, and by the digests of `beta/app`. */
export function inProject(one: Operation, project: string): Ask {
  const there = Object.entries({ ...THERE, digest: IMAGES['beta/app'].digest })
  const values = Object.fromEntries(there.map(([name, value]) => [name, value.replace('alpha', project)]))
  // One of two parameters that stand for each other is required, so neither is said to be.
  const more = /port(?:\/known)?$/.test(one.path) ? { ref: `${project}/app:v1` } : {}
  const body = JSON.stringify(BODIES[one.id] ?? {}).replaceAll('alpha/', `${project}/`)
  return withBody(one, pathOf(one, values, more), body)
}

/** Asks for what is not there. */
export function ofNothing(one: Operation): Ask[] {
  return [
    withBody(
      one,
      pathOf(one, {
        ...THERE,
        ...ABSENT,
        project: 'absent',
        user: 'absent',
        job: 'absent',
        image: 'absent',
        namespace: 'absent',
      }),
    ),
    withBody(one, pathOf(one, { ...THERE, ...ABSENT })),
  ]
}

/** Requests that are wrong in themselves, none of which can do anything. */
export function malformed(one: Operation): Ask[] {
  const own = [
    { ...BAD, project: 'alpha', repository: 'alpha/BAD..' },
    { ...BAD, project: 'alpha', repository: 'alpha/app' },
  ]
  const bad = [BAD, ...own].map((values) => withBody(one, pathOf(one, values)))
  if (one.method === 'DELETE') return bad
  const bodies = one.takesJson ? ['{"unknown": 1}', '['] : []
  const asked = ['seconds', 'n', 'cursor', 'platform'].map((name) =>
    withBody(one, pathOf(one, THERE, { [name]: '-1' })),
  )
  return [...bodies.map((body) => withBody(one, pathOf(one, THERE), body)), ...asked, ...bad]
}

/** More than 64 KiB. */
export function tooLong(one: Operation): Ask {
  const body = ' '.repeat(70_000)
  return one.takesJson
    ? withBody(one, pathOf(one, THERE), body)
    : {
        method: one.method,
        path: one.path,
        body,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }
}

/** What is no JSON, and says so. */
export function notJson(one: Operation): Ask {
  return withBody(one, pathOf(one, THERE), 'x', 'text/plain')
}
