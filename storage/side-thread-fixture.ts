import { threadId } from 'node:worker_threads'
import { answerTasks } from './side-thread.ts'

export interface EchoWork {
  readonly task: string
  readonly answer: { readonly word: string; readonly threadId: number }
}

/** The other side of side-thread.test.ts: says what it was told and who it is, and ends at 'fail'. */
answerTasks<EchoWork>(async (word) => {
  if (word === 'fail') throw new TypeError('told to')
  if (word === 'later') await new Promise((resolve) => setTimeout(resolve, 20))
  return { word, threadId }
})
