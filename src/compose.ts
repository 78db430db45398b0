import type { IncomingMessage } from 'node:http'
import type { Logger } from 'pino'
import { NoSpace, StoreUnavailable } from '../storage/store-errors.ts'
import type { TraceContext } from '../storage/trace-context.ts'
import { createAuth } from './auth/create-auth.ts'
import { ensureAdministrator } from './auth/first-user.ts'
import type { Identity } from './auth/identity.ts'
import { WrongSecret } from './auth/sealing.ts'
import { hashSecret, makeSecret } from './auth/secrets.ts'
import { openBlobs } from './compose-blobs.ts'
import { beginDirectory, type Claim, refuseUnrestored } from './compose-directory.ts'
import { type InspectorView, startInspector } from './compose-inspector.ts'
import { beginMeanwhile, type Meanwhile } from './compose-meanwhile.ts'
import { openMetadata } from './compose-metadata.ts'
import { Metrics } from './compose-metrics.ts'
import { type Movable, type OpenedStores, openMovable } from './compose-migration.ts'
import { openTracing } from './compose-tracing.ts'
import { startUpkeep, type Upkeep } from './compose-upkeep.ts'
import { blockList } from './config/block-list.ts'
import type { Config } from './config/schema.ts'
import { backupRoutes } from './http/api/backups.ts'
import { type DebugPort, debugRoutes } from './http/api/debug.ts'
import { integrityRoutes } from './http/api/integrity.ts'
import { maintenanceRoutes } from './http/api/maintenance.ts'
import { type MigrationPort, migrationRoutes } from './http/api/migration.ts'
import { readOnlyRoutes } from './http/api/read-only.ts'
import { apiRoutes } from './http/api/routes.ts'
import { createApp } from './http/app.ts'
import { type ClientViewSettings, viewClient } from './http/client-view.ts'
import type { Composed } from './http/composed.ts'
import { URL_SECONDS } from './http/distribution/redirect.ts'
import { distributionRoutes } from './http/distribution/routes.ts'
import { healthRoutes } from './http/health.ts'
import { imagesRoutes } from './http/images/routes.ts'
import { registrySource } from './http/inspect/registry-source.ts'
import { inspectRoutes } from './http/inspect/routes.ts'
import { type MetricsSource, metricsRoute } from './http/metrics.ts'
import type { PageFiles } from './http/page/page-files.ts'
import { pageRoutes } from './http/page/routes.ts'
import { ReadOnlySwitch } from './http/read-only.ts'
import type { Readiness } from './http/readiness.ts'
import type { TraceRequest } from './http/request-trace.ts'
import type { Route } from './http/route.ts'
import { StartError } from './http/start-error.ts'
import { tokenRoutes } from './http/token/routes.ts'
import { createReadOnlySetting } from './maintenance/read-only-setting.ts'
import { RegistryError } from './oci/registry-error.ts'
import { createAccounts } from './projects/accounts.ts'
import { createBadgeKeys } from './projects/badges.ts'
import { createMembers } from './projects/members.ts'
import { createEnsureProject, createProjects } from './projects/projects.ts'
import { readableProjects } from './projects/readable-projects.ts'
import { foundManifests } from './registry/found-manifest.ts'
import type { RegistryMeter } from './registry/meter.ts'
import type { RegistryParts } from './registry/parts.ts'
import { Pulls } from './registry/pulls.ts'
import { Quotas } from './registry/quotas.ts'
import { Uploads } from './registry/uploads.ts'
import type { OpenTelemetry } from './tracing/open-telemetry.ts'

/**
 * The only file that knows both sides: configuration → drivers → services → HTTP. Stops in reverse order. Throws
 * StartError for what whoever starts the server can mend.
 */
export async function compose(config: Config, log: Logger, readiness: Readiness): Promise<Composed> {
  return composed(config, log, readiness).catch((error: unknown) => {
    throw startFailure(error)
  })
}

function startFailure(error: unknown): unknown {
  if (error instanceof WrongSecret) return new StartError(error.message, { cause: error })
  if (error instanceof NoSpace)
    return new StartError(`${error.message}. Free space there, or name another disk with LAMINA_DATA.`, {
      cause: error,
    })
  if (error instanceof StoreUnavailable) return new StartError(`${error.message}.`, { cause: error })
  // Nothing else of a start is a request.
  if (error instanceof RegistryError && error.code === 'REQUEST_INVALID')
    return new StartError(`LAMINA_ADMIN_PASSWORD cannot be used: ${error.message}.`, { cause: error })
  return error
}

async function composed(config: Config, log: Logger, readiness: Readiness): Promise<Composed> {
  const meanwhile = beginMeanwhile(config)
  const tracing = await openTracing(config, log)
  const traceparent = tracing && (() => tracing.traceparent())
  const movable = await openMovable((of, to) => openStores(of, to, { traceparent }), config, log)
  tracing?.follow(movable.stores)
  try {
    const trace = tracing && traceOf(tracing)
    const composed = await composeOver(movable, { config, log, readiness, trace, meanwhile })
    const close = async (): Promise<void> => {
      await composed.close()
      await tracing?.stop()
    }
    return { ...composed, close }
  } catch (error) {
    await closeStores(movable)
    throw error
  }
}

interface Surroundings {
  readonly config: Config
  readonly log: Logger
  readonly readiness: Readiness
  readonly trace: TraceRequest | undefined
  readonly meanwhile: Meanwhile
}

async function composeOver(movable: Movable, surroundings: Surroundings): Promise<Composed> {
  const { config, log, readiness, trace, meanwhile } = surroundings
  const { stores, migration } = movable
  const metrics = new Metrics()
  metrics.measure(stores)
  const auth = createAuth({
    metadata: stores.metadata,
    enabled: config.auth === 'on',
    settings: { createProjects: config.createProjects },
    secret: config.secret,
    tokenSeconds: config.tokenSeconds,
    passwords: meanwhile.passwords,
    hasReplicas: config.metadata !== 'level',
    onError: (err, what) => log.error({ err }, what),
  })
  await auth.signingKeys.current()
  const firstUser = await ensureAdministrator(auth.users, meanwhile.firstPassword)
  const registry = registryParts(config, log, { stores, auth, meter: metrics.registry })
  const setting = createReadOnlySetting(stores.metadata)
  const readOnly = new ReadOnlySwitch({ configured: config.readOnly, setting, now: Date.now })
  const view = { publicUrl: config.publicUrl, trustedProxies: blockList(config.trustedProxies) }
  const page = await meanwhile.page
  const upkeep = await startUpkeep(config, log, { registry, checks: stores.checks, counted: metrics.work })
  const inspector = startInspector(stores, config, log)
  const source = metrics.source(stores, () => upkeep.maintenance.jobs, log)
  const routes = allRoutes({
    stores,
    auth,
    registry,
    redirect: config.s3Redirect,
    listFolders: config.gcrListing,
    readOnly,
    readiness,
    view,
    upkeep,
    migration,
    page,
    inspector,
    debug: metrics.debug(config),
    metrics: config.metrics === 'off' ? undefined : { source, openTo: config.metrics },
  })
  const app = { ...view, ...auth, readOnly, log, meter: metrics.requests, trace }
  const sideRoutes = [metricsRoute(source, 'anyone'), ...healthRoutes({ readiness, ...stores })]
  return {
    handler: createApp({ ...app, routes }),
    sideHandler: createApp({ ...app, routes: sideRoutes }),
    onCertificate: (end) => metrics.certificate.takenUp(end),
    firstUser,
    close: async () => {
      await inspector.indexer.stop()
      await inspector.seekPoints.stop()
      await upkeep.stop()
      await registry.pulls.flush(registry.metadata)
      await closeStores(movable)
      metrics.stop()
    },
  }
}

function traceOf(tracing: OpenTelemetry): TraceRequest {
  return ({ headers: { traceparent } }, work, outcome) =>
    tracing.request(typeof traceparent === 'string' ? traceparent : undefined, work, outcome)
}

async function closeStores(movable: Movable): Promise<void> {
  await movable.stop()
  await movable.stores.blobs.close()
  await movable.stores.metadata.close()
}

type Auth = ReturnType<typeof createAuth>

/** The database first: it keeps a second process out, and knows whose the blobs are. */
export async function openStores(
  config: Config,
  log: Logger,
  { claim, traceparent }: { readonly claim?: Claim; readonly traceparent?: TraceContext | undefined } = {},
): Promise<OpenedStores> {
  refuseUnrestored(config)
  const begun = beginDirectory(config)
  const opened = await openMetadata(config, log, traceparent)
  try {
    const notice = (sentence: string, err: unknown) => log.error({ err }, sentence)
    return {
      ...opened,
      blobs: await openBlobs(config, opened.metadata, { claim, begun, traceparent, notice }),
    }
  } catch (error) {
    await opened.metadata.close()
    throw error
  }
}

/** Longer than anyone holds on to the location of bytes that no record names any more. */
const READER_MS = 3_600_000

function registryParts(
  config: Config,
  log: Logger,
  parts: { readonly stores: OpenedStores; readonly auth: Auth; readonly meter: RegistryMeter },
): RegistryParts {
  const { stores, auth, meter } = parts
  return {
    ...stores,
    meter,
    now: Date.now,
    pulls: new Pulls(Date.now),
    quotas: new Quotas(stores.metadata, Date.now),
    found: foundManifests(stores.metadata),
    ensureProject: createEnsureProject({
      now: Date.now,
      mayPush: (account, project) => auth.access.accountMayPush(account, project),
    }),
    settings: {
      grace: config.grace,
      trashDelay: Math.max(Math.min(config.grace, READER_MS), config.s3Redirect ? URL_SECONDS * 1000 : 0),
      uploadExpiry: config.uploadExpiry,
      maxUploads: config.maxUploads,
      allowSparse: config.allowSparse,
      indexLayers: config.indexLayers === 'push',
      notesEvents: config.webhook !== undefined,
      hasReplicas: config.metadata !== 'level',
      minFree: config.minFree,
    },
    onDamage: (damage) =>
      log.error(damage, 'the stored bytes of a blob are damaged: quarantined until it is pushed again'),
  }
}

/** What the routes are made of. */
interface RouteParts {
  readonly stores: OpenedStores
  readonly auth: Auth
  readonly registry: RegistryParts
  readonly redirect: boolean
  readonly listFolders: boolean
  readonly readOnly: ReadOnlySwitch
  readonly migration: MigrationPort
  readonly readiness: Readiness
  readonly view: ClientViewSettings
  readonly upkeep: Upkeep
  readonly page: PageFiles | undefined
  /** Absent: they are not shown here. */
  readonly metrics:
    | { readonly source: MetricsSource; readonly openTo: 'administrator' | 'anyone' }
    | undefined
  readonly inspector: InspectorView
  readonly debug: DebugPort
}

/**
 * The whole surface; openapi.yaml describes the same, and a test compares them.
 * @internal
 */
export function allRoutes(parts: RouteParts): Route[] {
  const { stores, auth, registry, redirect, listFolders, readOnly, readiness, view } = parts
  const now = Date.now
  const { metadata } = stores
  const addressOf = (request: IncomingMessage) => viewClient(request, view).address
  const accounts = createAccounts({ metadata, secrets: auth.credentials, now })
  const projects = createProjects({ metadata, accounts, now })
  const members = createMembers({ metadata, now })
  const badges = createBadgeKeys({ metadata, secrets: { make: makeSecret, hash: hashSecret }, now })
  const reading = {
    access: auth.access,
    readableProjects: (identity: Identity, after: string | undefined) =>
      readableProjects(metadata, identity, after),
  }
  const uploads = new Uploads(registry)
  return [
    ...distributionRoutes({ registry, uploads, redirect, listFolders, ...reading }),
    ...tokenRoutes({ ...auth, addressOf, now }),
    ...apiRoutes({ ...auth, projects, members, accounts, badges, registry, addressOf, now }),
    ...inspectRoutes({ metadata, source: registrySource(registry), ...parts.inspector, ...reading, badges }),
    ...imagesRoutes({ registry, uploads, access: auth.access }),
    ...integrityRoutes({ registry, readOnly, ...parts.upkeep }),
    ...backupRoutes(parts.upkeep.backups),
    ...readOnlyRoutes(readOnly),
    ...migrationRoutes(parts.migration),
    ...maintenanceRoutes(parts.upkeep.maintenance),
    ...debugRoutes(parts.debug),
    ...healthRoutes({ readiness, ...stores }),
    ...(parts.metrics ? [metricsRoute(parts.metrics.source, parts.metrics.openTo)] : []),
    ...pageRoutes(parts.page),
  ]
}
