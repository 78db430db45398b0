import { ADMIN_PASSWORD } from './server.ts'
import { IMAGES } from './world.ts'

/** One request of the administrator, and the answer that openapi.yaml says comes of it. `{id}` is the last that was answered. */
export interface Write {
  readonly id: string
  readonly status: number
  readonly path: string
  readonly body?: unknown
}

const [, layer = { digest: '' }] = IMAGES['alpha/app'].blobs
const image = IMAGES['alpha/app'].digest
const other = IMAGES['beta/app'].digest

/** Requests that change something, in an order in which each finds what it is about. They leave the world's users and `alpha`. */
export const WRITES: readonly Write[] = [
  {
    id: 'createUser',
    status: 201,
    path: '/api/v1/users',
    body: { name: 'visitor', password: 'a long enough password' },
  },
  { id: 'createUser', status: 409, path: '/api/v1/users', body: { name: 'visitor' } },
  {
    id: 'setPassword',
    status: 200,
    path: '/api/v1/users/visitor/password',
    body: { password: 'another long enough password' },
  },
  { id: 'signOut', status: 204, path: '/api/v1/session' },
  {
    id: 'putMember',
    status: 200,
    path: '/api/v1/projects/alpha/members/visitor',
    body: { role: 'viewer' },
  },
  { id: 'deleteMember', status: 204, path: '/api/v1/projects/alpha/members/visitor' },
  { id: 'deleteUser', status: 204, path: '/api/v1/users/visitor' },
  { id: 'deleteUser', status: 409, path: '/api/v1/users/admin' },
  { id: 'createToken', status: 201, path: '/api/v1/user/tokens', body: { name: 'laptop' } },
  { id: 'deleteToken', status: 204, path: '/api/v1/user/tokens/{id}' },
  {
    id: 'signIn',
    status: 201,
    path: '/api/v1/session',
    body: { username: 'admin', password: ADMIN_PASSWORD },
  },
  { id: 'listSessions', status: 200, path: '/api/v1/user/sessions' },
  { id: 'deleteSession', status: 204, path: '/api/v1/user/sessions/{id}' },
  { id: 'createProject', status: 201, path: '/api/v1/projects', body: { name: 'gamma' } },
  { id: 'createProject', status: 409, path: '/api/v1/projects', body: { name: 'gamma' } },
  { id: 'changeProject', status: 200, path: '/api/v1/projects/gamma', body: { public: true } },
  { id: 'setQuota', status: 200, path: '/api/v1/projects/gamma/quota', body: { quota: 1_000_000_000 } },
  {
    id: 'changePolicy',
    status: 200,
    path: '/api/v1/projects/gamma/policy',
    body: { refuseDangling: false },
  },
  { id: 'previewRetention', status: 200, path: '/api/v1/projects/gamma/retention-preview', body: {} },
  {
    id: 'createAccount',
    status: 201,
    path: '/api/v1/projects/gamma/accounts',
    body: { name: 'robot', role: 'viewer' },
  },
  {
    id: 'createAccount',
    status: 409,
    path: '/api/v1/projects/gamma/accounts',
    body: { name: 'robot', role: 'viewer' },
  },
  {
    id: 'createBadgeKey',
    status: 201,
    path: '/api/v1/projects/gamma/badges',
    body: { repository: 'gamma/app' },
  },
  { id: 'deleteBadgeKey', status: 204, path: '/api/v1/projects/gamma/badges/{id}' },
  { id: 'deleteAccount', status: 204, path: '/api/v1/projects/gamma/accounts/robot' },
  { id: 'deleteProject', status: 204, path: '/api/v1/projects/gamma' },
  { id: 'deleteProject', status: 409, path: '/api/v1/projects/alpha' },
  {
    id: 'keepManifest',
    status: 200,
    path: '/api/v1/projects/alpha/keep',
    body: { repository: 'alpha/app', digest: image, keep: true },
  },
  { id: 'analyze', status: 200, path: '/api/v1/analyze', body: { images: ['alpha/app:v1'] } },
  {
    id: 'oldAnalyze',
    status: 200,
    path: '/registry/analyze',
    body: { repos: [{ name: 'alpha/app', tag: 'v1' }] },
  },
  { id: 'getPullPlan', status: 200, path: '/api/v1/pullplan', body: { have: [], want: 'alpha/app:v1' } },
  {
    id: 'findKnownContent',
    status: 200,
    path: '/api/v1/import/known?repository=alpha/app',
    body: { digests: [layer.digest] },
  },
  { id: 'rebuildLayerIndex', status: 202, path: `/api/v1/layer/${layer.digest}/index` },
  { id: 'runMaintenance', status: 202, path: '/api/v1/maintenance/scrub/run' },
  { id: 'startScrub', status: 202, path: '/api/v1/scrub' },
  { id: 'startFsck', status: 202, path: '/api/v1/fsck', body: {} },
  { id: 'rotateKeys', status: 200, path: '/api/v1/keys/rotate', body: {} },
  { id: 'setReadOnly', status: 200, path: '/api/v1/read-only', body: { readOnly: false } },
  {
    id: 'previewDeletion',
    status: 200,
    path: `/api/v1/projects/beta/deletion-preview?repository=beta/app&digest=${other}`,
  },
  { id: 'removeTag', status: 204, path: '/api/v1/projects/beta/tag?repository=beta/app&tag=v1' },
  {
    id: 'rollbackTag',
    status: 200,
    path: '/api/v1/projects/beta/rollback',
    body: { repository: 'beta/app', tag: 'v1', to: other },
  },
  {
    id: 'removeManifest',
    status: 204,
    path: `/api/v1/projects/beta/manifest?repository=beta/app&digest=${other}`,
  },
  {
    id: 'restoreManifest',
    status: 200,
    path: '/api/v1/projects/beta/restore',
    body: { repository: 'beta/app', digest: other },
  },
  { id: 'deleteRepository', status: 202, path: '/api/v1/projects/beta/repositories?repository=beta/app' },
]
