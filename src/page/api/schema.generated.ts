// Made from openapi.yaml by scripts/build-page.ts; not kept in the repository.

export type ErrorCode = "BLOB_UNKNOWN" | "BLOB_UPLOAD_INVALID" | "BLOB_UPLOAD_UNKNOWN" | "DIGEST_INVALID" | "MANIFEST_BLOB_UNKNOWN" | "MANIFEST_INVALID" | "MANIFEST_UNKNOWN" | "NAME_INVALID" | "NAME_UNKNOWN" | "SIZE_INVALID" | "UNAUTHORIZED" | "DENIED" | "UNSUPPORTED" | "TOOMANYREQUESTS" | "UNKNOWN" | "UNAVAILABLE" | "TAG_INVALID" | "RANGE_INVALID" | "PAGINATION_NUMBER_INVALID" | "GOOGLE_MANIFEST_DANGLING_TAG" | "GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE" | "STORAGE_FULL" | "REQUEST_INVALID" | "CONFLICT"

export type Errors = { readonly 'errors': readonly ({ readonly 'code': ErrorCode; readonly 'message': string; readonly 'detail': { readonly 'requestId': string } })[] }

export type Policy = { readonly 'immutableTags': readonly (string)[]; readonly 'refuseDangling': boolean; readonly 'retention': readonly (RetentionRule)[] }

export type PolicyChange = { readonly 'immutableTags'?: readonly (string)[]; readonly 'refuseDangling'?: boolean; readonly 'retention'?: readonly (RetentionRule)[] }

export type RetentionRule = { readonly 'name': string; readonly 'repositories'?: string; readonly 'tags'?: string; readonly 'keepLast'?: number; readonly 'keepYoungerDays'?: number; readonly 'keepPulledDays'?: number }

export type RetentionCandidate = { readonly 'repository': string; readonly 'tag'?: string; readonly 'digest': string; readonly 'rule': string; readonly 'since': string; readonly 'pulled'?: string }

export type Job = { readonly 'name': string; readonly 'everySeconds': number; readonly 'state': "waiting" | "running" | "elsewhere"; readonly 'done': number; readonly 'started'?: string; readonly 'finished'?: string; readonly 'error'?: string }

export type Bytes = string

export type RepositoryName = string

export type Tag = string

export type Digest = string

export type Manifest = { readonly 'schemaVersion': 2; readonly 'mediaType'?: string; readonly 'artifactType'?: string; readonly 'config'?: Descriptor; readonly 'layers'?: readonly (Descriptor)[]; readonly 'manifests'?: readonly (Descriptor)[]; readonly 'subject'?: Descriptor; readonly 'annotations'?: Annotations }

export type Index = { readonly 'schemaVersion': 2; readonly 'mediaType': "application/vnd.oci.image.index.v1+json"; readonly 'manifests': readonly (Descriptor)[] }

export type Descriptor = { readonly 'mediaType': string; readonly 'digest': Digest; readonly 'size': number; readonly 'artifactType'?: string; readonly 'annotations'?: Annotations }

export type Annotations = { readonly [name: string]: string }

export type Token = { readonly 'token': string; readonly 'access_token': string; readonly 'expires_in': number; readonly 'token_type'?: "Bearer"; readonly 'scope'?: string; readonly 'refresh_token'?: string }

export type NameText = string

export type Password = string

export type Days = number

export type Next = string

export type Role = "viewer" | "writer" | "admin"

export type AccountUser = string

export type WhoAmI = ({ readonly 'kind': "user"; readonly 'name': string; readonly 'admin': boolean } | { readonly 'kind': "account"; readonly 'project': string; readonly 'name': string; readonly 'role': Role } | { readonly 'kind': "unchecked"; readonly 'name': string })

export type BrowserSession = { readonly 'id': string; readonly 'agent': string; readonly 'created': string; readonly 'expires': string; readonly 'current': boolean }

export type TokenSummary = { readonly 'id': string; readonly 'name': string; readonly 'kind': "personal" | "refresh"; readonly 'created': string; readonly 'expires'?: string; readonly 'used'?: string }

export type User = { readonly 'name': string; readonly 'admin': boolean; readonly 'created': string; readonly 'disabled'?: true }

export type Project = { readonly 'name': string; readonly 'public': boolean; readonly 'created': string }

export type Member = { readonly 'user': string; readonly 'role': Role; readonly 'since': string }

export type Account = { readonly 'name': string; readonly 'user': AccountUser; readonly 'role': Role; readonly 'created': string; readonly 'expires'?: string }

export type Migration = { readonly 'phase': "none" | "copying" | "finishing" | "moved" | "stopped"; readonly 'target'?: string; readonly 'started'?: string; readonly 'problem'?: string; readonly 'blobs': number; readonly 'bytes': number; readonly 'records': number }

export type ReadOnly = { readonly 'readOnly': boolean; readonly 'reason'?: string }

export type Count = { readonly 'count': number; readonly 'more': boolean }

export type TagSummary = { readonly 'tag': Tag; readonly 'digest': Digest; readonly 'mediaType': string; readonly 'artifactType'?: string; readonly 'size': number; readonly 'pushed': string; readonly 'by': string }

export type InstructionClass = "base" | "files" | "run" | "settings" | "start"

export type IndexState = "none" | "queued" | "running" | "done" | "unsupported" | "too-large" | "damaged"

export type ImageLayer = { readonly 'index': number; readonly 'digest': string; readonly 'mediaType': string; readonly 'size': number; readonly 'cumulativeSize': number; readonly 'diffId': string | null; readonly 'chainId': string | null; readonly 'external': boolean; readonly 'unpacked': number | null; readonly 'files': number | null; readonly 'state': IndexState; readonly 'users'?: (Count | null) }

export type ImageView = { readonly 'ref': string; readonly 'repository': RepositoryName; readonly 'tag': string | null; readonly 'digest': Digest; readonly 'mediaType': string; readonly 'artifactType': string | null; readonly 'platform': string | null; readonly 'index': { readonly 'digest': Digest; readonly 'platforms': readonly ({ readonly 'platform': string; readonly 'digest': Digest })[] } | null; readonly 'created': string | null; readonly 'author': string | null; readonly 'config': { readonly 'digest'?: string; readonly 'env'?: readonly (string)[]; readonly 'entrypoint'?: readonly (string)[]; readonly 'cmd'?: readonly (string)[]; readonly 'workingDir'?: string; readonly 'user'?: string; readonly 'exposedPorts'?: readonly (string)[]; readonly 'volumes'?: readonly (string)[]; readonly 'labels'?: { readonly [name: string]: string }; readonly 'stopSignal'?: string } | null; readonly 'steps': readonly ({ readonly 'step': number; readonly 'instruction': string; readonly 'class': InstructionClass; readonly 'createdBy': string | null; readonly 'created': string | null; readonly 'comment': string | null; readonly 'layer': (ImageLayer | null) })[]; readonly 'totals': { readonly 'layers': number; readonly 'size': number; readonly 'unpacked': number | null; readonly 'files': number | null }; readonly 'warnings': readonly (string)[] }

export type IndexView = { readonly 'repository': RepositoryName; readonly 'digest': Digest; readonly 'mediaType': string; readonly 'manifests': readonly ({ readonly 'digest': Digest; readonly 'mediaType': string; readonly 'size': number; readonly 'platform': string | null; readonly 'artifactType': string | null; readonly 'attests': string | null; readonly 'layers': number | null; readonly 'totalSize': number | null })[]; readonly 'totals': { readonly 'sumBytes': number; readonly 'uniqueBytes': number } }

export type Grid = { readonly 'columns': readonly ({ readonly 'image': number; readonly 'asked': string; readonly 'ref': string; readonly 'repository': RepositoryName; readonly 'tag': string | null; readonly 'digest': Digest; readonly 'platform': string | null; readonly 'layers': number; readonly 'size': number; readonly 'unpacked': number | null })[]; readonly 'roots': readonly (GridNode)[]; readonly 'totals': { readonly 'uniqueLayers': number; readonly 'uniqueBytes': number; readonly 'sumBytes': number; readonly 'averageBytes': number; readonly 'largestBytes': number }; readonly 'errors': readonly ({ readonly 'ref': string; readonly 'code': ErrorCode; readonly 'message': string; readonly 'status': number })[] }

export type GridNode = { readonly 'chainId': string | null; readonly 'instruction': string; readonly 'class': InstructionClass; readonly 'layer': ImageLayer; readonly 'subtreeSize': number; readonly 'images': readonly (number)[]; readonly 'children': readonly (GridNode)[] }

export interface Operations {
  readonly getSession: {
    readonly params: {  }
    readonly query: {  }
    readonly body: undefined
    readonly answer: { readonly 'account'?: WhoAmI }
  }
  readonly signIn: {
    readonly params: {  }
    readonly query: {  }
    readonly body: { readonly 'username': NameText; readonly 'password': string }
    readonly answer: { readonly 'account': WhoAmI }
  }
  readonly signOut: {
    readonly params: {  }
    readonly query: {  }
    readonly body: undefined
    readonly answer: undefined
  }
  readonly listSessions: {
    readonly params: {  }
    readonly query: {  }
    readonly body: undefined
    readonly answer: { readonly 'sessions': readonly (BrowserSession)[] }
  }
  readonly deleteSession: {
    readonly params: { readonly id: string }
    readonly query: {  }
    readonly body: undefined
    readonly answer: undefined
  }
  readonly whoAmI: {
    readonly params: {  }
    readonly query: {  }
    readonly body: undefined
    readonly answer: WhoAmI
  }
  readonly listTokens: {
    readonly params: {  }
    readonly query: {  }
    readonly body: undefined
    readonly answer: { readonly 'tokens': readonly (TokenSummary)[] }
  }
  readonly createToken: {
    readonly params: {  }
    readonly query: {  }
    readonly body: { readonly 'name': NameText; readonly 'expiresInDays'?: Days }
    readonly answer: { readonly 'id': string; readonly 'name': string; readonly 'secret': string; readonly 'expires'?: string }
  }
  readonly deleteToken: {
    readonly params: { readonly id: string }
    readonly query: {  }
    readonly body: undefined
    readonly answer: undefined
  }
  readonly listUsers: {
    readonly params: {  }
    readonly query: { readonly 'n'?: number | undefined; readonly 'last'?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly 'users': readonly (User)[]; readonly 'next'?: Next }
  }
  readonly createUser: {
    readonly params: {  }
    readonly query: {  }
    readonly body: { readonly 'name': NameText; readonly 'password'?: Password; readonly 'admin'?: boolean }
    readonly answer: { readonly 'name': string; readonly 'password'?: string }
  }
  readonly deleteUser: {
    readonly params: { readonly user: string }
    readonly query: {  }
    readonly body: undefined
    readonly answer: undefined
  }
  readonly setPassword: {
    readonly params: { readonly user: string }
    readonly query: {  }
    readonly body: { readonly 'password'?: Password }
    readonly answer: { readonly 'password'?: string }
  }
  readonly listProjects: {
    readonly params: {  }
    readonly query: { readonly 'n'?: number | undefined; readonly 'last'?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly 'projects': readonly (Project)[]; readonly 'next'?: Next }
  }
  readonly createProject: {
    readonly params: {  }
    readonly query: {  }
    readonly body: { readonly 'name': NameText; readonly 'public'?: boolean }
    readonly answer: Project
  }
  readonly getProject: {
    readonly params: { readonly project: string }
    readonly query: {  }
    readonly body: undefined
    readonly answer: Project
  }
  readonly changeProject: {
    readonly params: { readonly project: string }
    readonly query: {  }
    readonly body: { readonly 'public': boolean }
    readonly answer: Project
  }
  readonly deleteProject: {
    readonly params: { readonly project: string }
    readonly query: { readonly 'repositories'?: "delete" | undefined }
    readonly body: undefined
    readonly answer: undefined
  }
  readonly listMembers: {
    readonly params: { readonly project: string }
    readonly query: { readonly 'n'?: number | undefined; readonly 'last'?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly 'members': readonly (Member)[]; readonly 'next'?: Next }
  }
  readonly putMember: {
    readonly params: { readonly project: string; readonly user: string }
    readonly query: {  }
    readonly body: { readonly 'role': Role }
    readonly answer: Member
  }
  readonly deleteMember: {
    readonly params: { readonly project: string; readonly user: string }
    readonly query: {  }
    readonly body: undefined
    readonly answer: undefined
  }
  readonly listAccounts: {
    readonly params: { readonly project: string }
    readonly query: { readonly 'n'?: number | undefined; readonly 'last'?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly 'accounts': readonly (Account)[]; readonly 'next'?: Next }
  }
  readonly createAccount: {
    readonly params: { readonly project: string }
    readonly query: {  }
    readonly body: { readonly 'name': NameText; readonly 'role': Role; readonly 'expiresInDays'?: Days }
    readonly answer: { readonly 'name': string; readonly 'role': Role; readonly 'user': AccountUser; readonly 'secret': string; readonly 'keyFile': { readonly 'type': "lamina_service_account"; readonly 'project': string; readonly 'account': string; readonly 'user': AccountUser; readonly 'secret': string }; readonly 'expires'?: string }
  }
  readonly deleteAccount: {
    readonly params: { readonly project: string; readonly account: string }
    readonly query: {  }
    readonly body: undefined
    readonly answer: undefined
  }
  readonly rotateKeys: {
    readonly params: {  }
    readonly query: {  }
    readonly body: { readonly 'revoke'?: boolean }
    readonly answer: { readonly 'kid': string }
  }
  readonly getImage: {
    readonly params: {  }
    readonly query: { readonly 'ref': string | undefined; readonly 'platform'?: string | undefined }
    readonly body: undefined
    readonly answer: ImageView
  }
  readonly getIndex: {
    readonly params: {  }
    readonly query: { readonly 'ref': string | undefined }
    readonly body: undefined
    readonly answer: IndexView
  }
  readonly getRaw: {
    readonly params: {  }
    readonly query: { readonly 'ref': string | undefined }
    readonly body: undefined
    readonly answer: { readonly 'repository': RepositoryName; readonly 'digest': Digest; readonly 'mediaType': string; readonly 'size': number; readonly 'manifest': Manifest }
  }
  readonly getTags: {
    readonly params: {  }
    readonly query: { readonly 'repository': RepositoryName | undefined; readonly 'n'?: number | undefined; readonly 'last'?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly 'repository': RepositoryName; readonly 'tags': readonly (TagSummary)[]; readonly 'next'?: Next }
  }
  readonly analyze: {
    readonly params: {  }
    readonly query: {  }
    readonly body: { readonly 'images': readonly (string)[]; readonly 'platform'?: string }
    readonly answer: Grid
  }
  readonly search: {
    readonly params: {  }
    readonly query: { readonly 'q'?: string | undefined; readonly 'n'?: number | undefined; readonly 'last'?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly 'repositories': readonly ({ readonly 'name': RepositoryName })[]; readonly 'next'?: Next }
  }
  readonly getCounts: {
    readonly params: { readonly project: string }
    readonly query: {  }
    readonly body: undefined
    readonly answer: { readonly 'repositories': Count; readonly 'manifests': number; readonly 'logicalBytes': number; readonly 'storedBytes': number; readonly 'pushed'?: string }
  }
  readonly getRepositories: {
    readonly params: { readonly project: string }
    readonly query: { readonly 'n'?: number | undefined; readonly 'last'?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly 'repositories': readonly ({ readonly 'name': RepositoryName; readonly 'created': string; readonly 'tags': Count; readonly 'manifests': Count; readonly 'pushed'?: string })[]; readonly 'next'?: Next }
  }
  readonly deleteRepository: {
    readonly params: { readonly project: string }
    readonly query: { readonly 'repository': RepositoryName | undefined }
    readonly body: undefined
    readonly answer: { readonly 'deleted': string }
  }
  readonly getReadOnly: {
    readonly params: {  }
    readonly query: {  }
    readonly body: undefined
    readonly answer: ReadOnly
  }
  readonly setReadOnly: {
    readonly params: {  }
    readonly query: {  }
    readonly body: ReadOnly
    readonly answer: ReadOnly
  }
  readonly listTagLog: {
    readonly params: { readonly project: string }
    readonly query: { readonly 'repository': RepositoryName | undefined; readonly 'tag': string | undefined; readonly 'n'?: number | undefined; readonly 'last'?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly 'steps': readonly ({ readonly 'sequence': number; readonly 'digest'?: string; readonly 'at': string; readonly 'by': string; readonly 'policy'?: string })[]; readonly 'next'?: string }
  }
  readonly rollbackTag: {
    readonly params: { readonly project: string }
    readonly query: {  }
    readonly body: { readonly 'repository': RepositoryName; readonly 'tag': string; readonly 'to'?: string }
    readonly answer: { readonly 'digest': string; readonly 'restored': boolean }
  }
  readonly listDeleted: {
    readonly params: { readonly project: string }
    readonly query: { readonly 'repository': RepositoryName | undefined; readonly 'n'?: number | undefined; readonly 'last'?: string | undefined }
    readonly body: undefined
    readonly answer: { readonly 'manifests': readonly ({ readonly 'digest': string; readonly 'tags': readonly (string)[]; readonly 'by': string; readonly 'policy'?: string; readonly 'at': string; readonly 'until': string; readonly 'mediaType'?: string })[]; readonly 'next'?: string }
  }
  readonly restoreManifest: {
    readonly params: { readonly project: string }
    readonly query: {  }
    readonly body: undefined
    readonly answer: { readonly 'digest': string; readonly 'tags': readonly (string)[] }
  }
  readonly keepManifest: {
    readonly params: { readonly project: string }
    readonly query: {  }
    readonly body: { readonly 'repository': RepositoryName; readonly 'digest': string; readonly 'keep': boolean }
    readonly answer: { readonly 'digest': string; readonly 'keep': boolean }
  }
  readonly getPolicy: {
    readonly params: { readonly project: string }
    readonly query: {  }
    readonly body: undefined
    readonly answer: Policy
  }
  readonly changePolicy: {
    readonly params: { readonly project: string }
    readonly query: {  }
    readonly body: PolicyChange
    readonly answer: Policy
  }
  readonly previewRetention: {
    readonly params: { readonly project: string }
    readonly query: {  }
    readonly body: { readonly 'retention'?: readonly (RetentionRule)[] }
    readonly answer: { readonly 'count': number; readonly 'pulledLately': readonly (RetentionCandidate)[]; readonly 'others': readonly (RetentionCandidate)[]; readonly 'complete': boolean }
  }
  readonly getUsage: {
    readonly params: { readonly project: string }
    readonly query: {  }
    readonly body: undefined
    readonly answer: { readonly 'used': number; readonly 'quota'?: number }
  }
  readonly setQuota: {
    readonly params: { readonly project: string }
    readonly query: {  }
    readonly body: { readonly 'quota': number | null }
    readonly answer: { readonly 'used': number; readonly 'quota'?: number }
  }
  readonly getCollection: {
    readonly params: {  }
    readonly query: {  }
    readonly body: undefined
    readonly answer: { readonly 'entries': readonly ({ readonly 'kind': "link" | "blob" | "manifest" | "grave" | "repository"; readonly 'repository': RepositoryName; readonly 'digest'?: string; readonly 'due': string; readonly 'action': "removed" | "kept" | "later"; readonly 'reason': string; readonly 'bytes'?: number; readonly 'until'?: string })[]; readonly 'bytes': number; readonly 'trash': number; readonly 'complete': boolean }
  }
  readonly explainBlob: {
    readonly params: { readonly digest: string }
    readonly query: {  }
    readonly body: undefined
    readonly answer: { readonly 'digest': string; readonly 'size': number; readonly 'holders': readonly ({ readonly 'project': string; readonly 'repository'?: string; readonly 'digest': string; readonly 'sparedUntil': string; readonly 'uses': readonly ({ readonly 'manifest': string; readonly 'tags': readonly (string)[]; readonly 'deletedUntil'?: string })[] })[] }
  }
  readonly getMaintenance: {
    readonly params: {  }
    readonly query: {  }
    readonly body: undefined
    readonly answer: { readonly 'jobs': readonly (Job)[]; readonly 'failures': readonly ({ readonly 'job': string; readonly 'item': string; readonly 'attempts': number; readonly 'first': string; readonly 'last': string; readonly 'next': string; readonly 'message': string })[] }
  }
  readonly runMaintenance: {
    readonly params: { readonly job: string }
    readonly query: {  }
    readonly body: undefined
    readonly answer: { readonly 'jobs': readonly (Job)[] }
  }
  readonly getMigration: {
    readonly params: {  }
    readonly query: {  }
    readonly body: undefined
    readonly answer: Migration
  }
  readonly startMigration: {
    readonly params: {  }
    readonly query: {  }
    readonly body: { readonly 'settings': { readonly [name: string]: string } }
    readonly answer: Migration
  }
  readonly cancelMigration: {
    readonly params: {  }
    readonly query: {  }
    readonly body: undefined
    readonly answer: Migration
  }
}

export const OPERATIONS: { readonly [Id in keyof Operations]: readonly [method: string, path: string] } = {
  getSession: ['GET', 'session'],
  signIn: ['POST', 'session'],
  signOut: ['DELETE', 'session'],
  listSessions: ['GET', 'user/sessions'],
  deleteSession: ['DELETE', 'user/sessions/{id}'],
  whoAmI: ['GET', 'user'],
  listTokens: ['GET', 'user/tokens'],
  createToken: ['POST', 'user/tokens'],
  deleteToken: ['DELETE', 'user/tokens/{id}'],
  listUsers: ['GET', 'users'],
  createUser: ['POST', 'users'],
  deleteUser: ['DELETE', 'users/{user}'],
  setPassword: ['PUT', 'users/{user}/password'],
  listProjects: ['GET', 'projects'],
  createProject: ['POST', 'projects'],
  getProject: ['GET', 'projects/{project}'],
  changeProject: ['PATCH', 'projects/{project}'],
  deleteProject: ['DELETE', 'projects/{project}'],
  listMembers: ['GET', 'projects/{project}/members'],
  putMember: ['PUT', 'projects/{project}/members/{user}'],
  deleteMember: ['DELETE', 'projects/{project}/members/{user}'],
  listAccounts: ['GET', 'projects/{project}/accounts'],
  createAccount: ['POST', 'projects/{project}/accounts'],
  deleteAccount: ['DELETE', 'projects/{project}/accounts/{account}'],
  rotateKeys: ['POST', 'keys/rotate'],
  getImage: ['GET', 'image'],
  getIndex: ['GET', 'index'],
  getRaw: ['GET', 'raw'],
  getTags: ['GET', 'tags'],
  analyze: ['POST', 'analyze'],
  search: ['GET', 'search'],
  getCounts: ['GET', 'projects/{project}/counts'],
  getRepositories: ['GET', 'projects/{project}/repositories'],
  deleteRepository: ['DELETE', 'projects/{project}/repositories'],
  getReadOnly: ['GET', 'read-only'],
  setReadOnly: ['PUT', 'read-only'],
  listTagLog: ['GET', 'projects/{project}/tag-log'],
  rollbackTag: ['POST', 'projects/{project}/rollback'],
  listDeleted: ['GET', 'projects/{project}/deleted'],
  restoreManifest: ['POST', 'projects/{project}/restore'],
  keepManifest: ['PUT', 'projects/{project}/keep'],
  getPolicy: ['GET', 'projects/{project}/policy'],
  changePolicy: ['PATCH', 'projects/{project}/policy'],
  previewRetention: ['POST', 'projects/{project}/retention-preview'],
  getUsage: ['GET', 'projects/{project}/usage'],
  setQuota: ['PUT', 'projects/{project}/quota'],
  getCollection: ['GET', 'collection'],
  explainBlob: ['GET', 'collection/why/{digest}'],
  getMaintenance: ['GET', 'maintenance'],
  runMaintenance: ['POST', 'maintenance/{job}/run'],
  getMigration: ['GET', 'migration'],
  startMigration: ['POST', 'migration'],
  cancelMigration: ['DELETE', 'migration'],
}
