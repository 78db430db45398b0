/**
 * Operations that change rights or content, or how the registry runs: each of their requests is told in the audit log. With
 * each, the fields of its body or query that say what was changed beyond what its path says. Nothing else of a request
 * is told, so a field that holds a secret stays out unless someone writes it here.
 */
export const AUDITED: Readonly<Record<string, readonly string[]>> = {
  pushManifest: ['tag'],
  deleteManifest: [],
  deleteBlob: [],
  importImages: ['ref', 'repository'],
  removeTag: ['repository', 'tag'],
  removeManifest: ['repository', 'digest'],
  deleteRepository: ['repository'],
  rollbackTag: ['repository', 'tag', 'to'],
  restoreManifest: ['repository', 'digest'],
  keepManifest: ['repository', 'digest', 'keep'],

  createProject: ['name', 'public'],
  changeProject: ['public'],
  deleteProject: ['repositories'],
  changePolicy: ['immutableTags', 'refuseDangling', 'retention'],
  setQuota: ['quota'],
  putMember: ['role'],
  deleteMember: [],
  createAccount: ['name', 'role', 'expiresInDays'],
  deleteAccount: [],
  createBadgeKey: ['repository'],
  deleteBadgeKey: [],

  createUser: ['name', 'admin'],
  deleteUser: [],
  setPassword: [],
  createToken: ['name', 'expiresInDays', 'user'],
  deleteToken: ['user'],
  signIn: [],
  signOut: [],
  deleteSession: [],
  rotateKeys: ['revoke'],

  setReadOnly: ['readOnly', 'reason'],
  startMigration: [],
  cancelMigration: [],
  startBackup: ['to'],
  startFsck: ['repair', 'force'],
  startScrub: [],
  runMaintenance: [],
}

/** Operations that are no GET and change nothing of that: why each needs no line. */
export const NOT_AUDITED: Readonly<Record<string, string>> = {
  pushBlob: 'bytes are seen by nobody before a manifest names them',
  patchUpload: 'as pushBlob',
  putUpload: 'as pushBlob',
  cancelUpload: 'as pushBlob',
  findKnownContent: 'only asks',
  previewRetention: 'only asks',
  getPullPlan: 'only asks',
  analyze: 'only asks',
  oldAnalyze: 'only asks',
  profileProcessor: 'only looks',
  rebuildLayerIndex: 'makes again what is made of content',
  postToken: 'gives what the account has; one that is refused, or that the client keeps, is told as a login',
  postTokenAlias: 'as postToken',
}
