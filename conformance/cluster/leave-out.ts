import path from 'node:path'
import { beforeEach, type RunnerTask } from 'vitest'
import { notHere } from './not-here.ts'

// Before each file of the black-box suite, when it is run on a cluster: cases that cannot pass there would wait until
// their time is over.
beforeEach(({ task, skip }) => {
  const entry = notHere(path.basename(task.file.name, '.test.ts'), fullName(task))
  if (entry !== undefined) skip(entry.why)
})

/** As the JSON report has it: the names of all that it is in, and its own. */
function fullName({ name, suite }: Readonly<RunnerTask>): string {
  return suite === undefined || suite.name === '' ? name : `${fullName(suite)} ${name}`
}
