import { z } from 'zod'
import type { MoveState } from '../../maintenance/migration/migration.ts'
import type { Handler, Reply } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import { answer, optionalDate } from './answers.ts'

/** What the handlers ask of the move to other stores. */
export interface MigrationPort {
  state(): MoveState
  /** Settings of the new place by their names in lamina.yaml. Throws REQUEST_INVALID, CONFLICT. */
  start(settings: Readonly<Record<string, string>>): Promise<void>
  cancel(): Promise<void>
}

const wanted = z.strictObject({ settings: z.record(z.string(), z.string()) })

/** The move of the whole registry to other stores. */
export function migrationRoutes(migration: MigrationPort): Route[] {
  const path = '/api/v1/migration'
  const right = 'administrator'
  const show: Handler = () => Promise.resolve(stateReply(200, migration.state()))
  const start: Handler = async ({ request }) => {
    const { settings } = await readJson(request, wanted)
    await migration.start(settings)
    return stateReply(202, migration.state())
  }
  const cancel: Handler = async () => {
    await migration.cancel()
    return stateReply(200, migration.state())
  }
  return [
    { operationId: 'getMigration', method: 'GET', path, right, handle: show },
    { operationId: 'startMigration', method: 'POST', path, right, handle: start },
    { operationId: 'cancelMigration', method: 'DELETE', path, right, handle: cancel },
  ]
}

function stateReply(status: number, state: MoveState): Reply {
  const { phase, target, started, problem, blobs, bytes, records } = state
  return answer(status, {
    phase,
    ...(target !== undefined && { target }),
    ...optionalDate('started', started),
    ...(problem !== undefined && { problem }),
    blobs,
    bytes,
    records,
  })
}
