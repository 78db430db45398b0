import type { Failure } from '../../maintenance/failures.ts'
import type { JobStatus } from '../../maintenance/job-runner.ts'
import type { Maintenance } from '../../maintenance/schedule.ts'
import type { Handler } from '../exchange.ts'
import type { Route } from '../route.ts'
import { answer, date, optionalDate } from './answers.ts'

/** Background work: how far it is, what failed, and a run at once. */
export function maintenanceRoutes(maintenance: Maintenance): Route[] {
  const all = '/api/v1/maintenance'
  const show: Handler = async () =>
    answer(200, {
      jobs: maintenance.jobs.map(showJob),
      failures: (await maintenance.failures()).map(showFailure),
    })
  const run: Handler = ({ params }) => {
    maintenance.runNow(params['job'] ?? '')
    return Promise.resolve(answer(202, { jobs: maintenance.jobs.map(showJob) }))
  }
  return [
    { operationId: 'getMaintenance', method: 'GET', path: all, right: 'administrator', handle: show },
    {
      operationId: 'runMaintenance',
      method: 'POST',
      path: `${all}/{job}/run`,
      right: 'administrator',
      handle: run,
    },
  ]
}

function showJob({ started, finished, everyMs, ...rest }: JobStatus) {
  return {
    ...rest,
    everySeconds: everyMs / 1000,
    ...optionalDate('started', started),
    ...optionalDate('finished', finished),
  }
}

function showFailure({ first, last, next, ...rest }: Failure) {
  return { ...rest, first: date(first), last: date(last), next: date(next) }
}
