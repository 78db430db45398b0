import { z } from 'zod'
import type { Maintenance } from '../../maintenance/schedule.ts'
import { readScrub, restartScrub, SCRUB } from '../../maintenance/scrub.ts'
import type { SharedFsck, SharedFsckStatus } from '../../maintenance/shared-fsck.ts'
import type { ScrubRecord } from '../../records/cursor.ts'
import type { RegistryParts } from '../../registry/parts.ts'
import { type DamagedBlob, listDamaged } from '../../registry/quarantine.ts'
import type { Handler } from '../exchange.ts'
import type { ReadOnlySwitch } from '../read-only.ts'
import { readJson } from '../request-body.ts'
import { requireDigest } from '../require-name.ts'
import type { Route } from '../route.ts'
import { answer, date, optionalDate } from './answers.ts'
import { nextOf, readPage } from './page.ts'

interface Parts {
  readonly registry: Pick<RegistryParts, 'metadata' | 'now'>
  readonly maintenance: Pick<Maintenance, 'runNow'>
  readonly fsck: SharedFsck
  readonly readOnly: Pick<ReadOnlySwitch, 'refuseWrites'>
}

/** Whether the stored bytes are what they should be: for administrators. */
export function integrityRoutes(parts: Parts): Route[] {
  return [
    {
      operationId: 'listDamaged',
      method: 'GET',
      path: '/api/v1/damaged',
      right: 'administrator',
      handle: damaged(parts),
    },
    {
      operationId: 'getScrub',
      method: 'GET',
      path: '/api/v1/scrub',
      right: 'administrator',
      handle: showScrub(parts),
    },
    {
      operationId: 'startScrub',
      method: 'POST',
      path: '/api/v1/scrub',
      right: 'administrator',
      handle: startScrub(parts),
    },
    {
      operationId: 'getFsck',
      method: 'GET',
      path: '/api/v1/fsck',
      right: 'administrator',
      handle: showFsck(parts),
    },
    {
      operationId: 'startFsck',
      method: 'POST',
      path: '/api/v1/fsck',
      right: 'administrator',
      handle: startFsck(parts),
    },
  ]
}

function damaged({ registry }: Parts): Handler {
  return async ({ query }) => {
    const page = readPage(query)
    const after = page.after === undefined ? undefined : requireDigest(page.after)
    const found = await listDamaged(registry, { after, limit: page.limit })
    return answer(200, { damaged: found.map(show), ...nextOf(found, page, ({ sha256 }) => sha256) })
  }
}

function showScrub({ registry }: Parts): Handler {
  return async () => {
    const pass = await readScrub(registry.metadata)
    return answer(200, pass === undefined ? {} : showPass(pass))
  }
}

/** Begins a pass from the first blob. */
function startScrub({ registry, maintenance }: Parts): Handler {
  return async () => {
    const pass = await restartScrub(registry)
    maintenance.runNow(SCRUB)
    return answer(202, showPass(pass))
  }
}

function showPass({ begun, after, blobs, bytes, damaged, finished }: ScrubRecord) {
  return {
    begun: date(begun),
    ...(after !== undefined && { after }),
    blobs,
    bytes,
    damaged,
    ...optionalDate('finished', finished),
  }
}

function show({ sha256, size, at, why, projects }: DamagedBlob) {
  return { digest: sha256, size, since: date(at), why, projects }
}

function showFsck({ fsck }: Parts): Handler {
  return async () => {
    const status = await fsck.status()
    return answer(200, status === undefined ? {} : showCheck(status))
  }
}

const check = z.strictObject({ repair: z.boolean().optional(), force: z.boolean().optional() })

function startFsck({ fsck, readOnly }: Parts): Handler {
  return async ({ request }) => {
    const { repair = false, force = false } = await readJson(request, check)
    if (repair) await readOnly.refuseWrites()
    return answer(202, showCheck(await fsck.start({ repair, force })))
  }
}

function showCheck({ begun, finished, problems, ...rest }: SharedFsckStatus) {
  return {
    ...rest,
    begun: date(begun),
    ...optionalDate('finished', finished),
    problems: [...problems].map(([problem, counts]) => ({ problem, ...counts })),
  }
}
