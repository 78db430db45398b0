import { emptyTrash } from './empty-trash.ts'
import { expireUploads } from './expire-uploads.ts'
import type { Job } from './job.ts'

const MINUTE = 60_000

/** All background work of the server. */
export function maintenanceJobs(): Job[] {
  return [
    { name: 'expire-uploads', everyMs: 10 * MINUTE, run: expireUploads },
    { name: 'empty-trash', everyMs: 10 * MINUTE, run: emptyTrash },
  ]
}
