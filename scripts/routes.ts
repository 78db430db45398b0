import { createAuth } from '../src/auth/create-auth.ts'
import { allRoutes } from '../src/compose.ts'
import type { InspectorView } from '../src/compose-inspector.ts'
import type { Upkeep } from '../src/compose-upkeep.ts'
import type { MigrationPort } from '../src/http/api/migration.ts'
import { ReadOnlySwitch } from '../src/http/read-only.ts'
import { createReadiness } from '../src/http/readiness.ts'
import type { Route } from '../src/http/route.ts'
import { LayerIndexes } from '../src/inspect/layer/layer-indexes.ts'
import { Backups } from '../src/maintenance/backup/backups.ts'
import { Fsck } from '../src/maintenance/fsck.ts'
import { createReadOnlySetting } from '../src/maintenance/read-only-setting.ts'
import { startMaintenance } from '../src/maintenance/schedule.ts'
import { SharedFsck } from '../src/maintenance/shared-fsck.ts'
import { createEnsureProject } from '../src/projects/projects.ts'
import { foundManifests } from '../src/registry/found-manifest.ts'
import { RegistryMeter } from '../src/registry/meter.ts'
import type { RegistryParts } from '../src/registry/parts.ts'
import { Pulls } from '../src/registry/pulls.ts'
import { Quotas } from '../src/registry/quotas.ts'
import { openMemoryBlobStore } from '../storage/blobs/memory/memory-blob-store.ts'
import { openMemoryMetadataStore } from '../storage/metadata/memory/memory-metadata-store.ts'

/** The table of routes as the server has it, over stores in memory. */
export async function composedRoutes(): Promise<Route[]> {
  const now = Date.now
  const stores = {
    metadata: await openMemoryMetadataStore(),
    blobs: openMemoryBlobStore(),
    checks: [],
  }
  const auth = createAuth({
    ...stores,
    enabled: true,
    settings: { createProjects: 'users' },
    secret: undefined,
  })
  const ensureProject = createEnsureProject({ now, mayPush: () => Promise.resolve(false) })
  const settings = {
    grace: 0,
    trashDelay: 0,
    uploadExpiry: 0,
    maxUploads: 0,
    allowSparse: false,
    indexLayers: false,
    notesEvents: false,
    hasReplicas: false,
    minFree: 0,
  }
  const silent = () => undefined
  return allRoutes({
    stores,
    auth,
    registry: {
      ...stores,
      now,
      ensureProject,
      pulls: new Pulls(now),
      quotas: new Quotas(stores.metadata, now),
      found: foundManifests(stores.metadata),
      meter: new RegistryMeter(),
      settings,
      onDamage: silent,
    },
    redirect: false,
    listFolders: true,
    readOnly: new ReadOnlySwitch({ configured: false, setting: createReadOnlySetting(stores.metadata), now }),
    migration: NO_MOVE,
    inspector: idleInspector(stores),
    readiness: createReadiness(),
    view: { publicUrl: undefined, trustedProxies: undefined },
    upkeep: idleUpkeep(stores),
    page: undefined,
    debug: { state: () => ({}), profile: () => Promise.resolve('') },
    metrics: { source: { type: 'text/plain', text: () => Promise.resolve('') }, openTo: 'administrator' },
  })
}

const NO_MOVE: MigrationPort = {
  state: () => ({
    phase: 'none',
    target: undefined,
    started: undefined,
    problem: undefined,
    blobs: 0,
    bytes: 0,
    records: 0,
  }),
  start: () => Promise.resolve(),
  cancel: () => Promise.resolve(),
}

type Stores = Pick<RegistryParts, 'metadata' | 'blobs'>

function idleInspector(stores: Stores): InspectorView {
  return {
    indexes: new LayerIndexes(stores),
    indexer: { request: () => Promise.resolve() },
    seekPoints: { entrance: () => Promise.resolve(undefined) },
  }
}

/** What runs beside the requests, at rest. */
function idleUpkeep(stores: Stores): Upkeep {
  const now = Date.now
  const silent = () => undefined
  return {
    maintenance: startMaintenance({ ...stores, now, steady: now, onError: silent, onProgress: silent }, []),
    backups: new Backups({ ...stores, now }),
    fsck: new SharedFsck({
      ...stores,
      now,
      onError: silent,
      fsck: new Fsck({
        ...stores,
        now,
        grace: 0,
        quarantine: () => Promise.resolve(false),
        keptUploads: () => Promise.resolve(new Set()),
        sweep: () => Promise.resolve(),
      }),
    }),
    stop: () => Promise.resolve(),
  }
}
