import { parentPort, workerData } from 'node:worker_threads'
import { removerIn } from '../storage/blobs/filesystem/remove-files.ts'
import { giveWay } from '../storage/give-way.ts'
import { openBeside } from '../storage/metadata/level/beside/open-beside.ts'
import { answerJobs } from './maintenance/aside/answer-jobs.ts'

giveWay()
/** The thread of background work, as compose.ts is of the process: connects its jobs with the drivers. */
if (parentPort !== null)
  answerJobs(parentPort, { openMetadata: openBeside, blobs: removerIn(String(workerData)) })
