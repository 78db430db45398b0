import { isAbsolute } from 'node:path'
import { z } from 'zod'
import type { BackupStatus, Backups } from '../../maintenance/backup/backups.ts'
import { RegistryError } from '../../oci/registry-error.ts'
import { isControlRequest } from '../control-socket.ts'
import type { Handler } from '../exchange.ts'
import { readJson } from '../request-body.ts'
import type { Route } from '../route.ts'
import { answer, date, optionalDate } from './answers.ts'

/** Backups: for who is on the server's own machine, since they are written there. */
export function backupRoutes(backups: Backups): Route[] {
  const path = '/api/v1/backup'
  const show: Handler = () =>
    Promise.resolve(answer(200, backups.status === undefined ? {} : showStatus(backups.status)))
  const start: Handler = async ({ request }) => {
    if (!isControlRequest(request))
      throw new RegistryError('DENIED', {
        message:
          'a backup is written on the server’s own machine; run `lamina backup` there, without LAMINA_URL',
      })
    const { to } = await readJson(request, place)
    return answer(202, showStatus(backups.start(to)))
  }
  return [
    { operationId: 'getBackup', method: 'GET', path, right: 'administrator', handle: show },
    { operationId: 'startBackup', method: 'POST', path, right: 'administrator', handle: start },
  ]
}

const place = z.strictObject({ to: z.string().max(4096).refine(isAbsolute, 'an absolute path') })

function showStatus({ begun, finished, result, ...rest }: BackupStatus) {
  return {
    ...rest,
    begun: date(begun),
    ...optionalDate('finished', finished),
    ...(result !== undefined && { result }),
  }
}
