import { parentPort } from 'node:worker_threads'
import { LayerIndexing } from './index-layer.ts'
import type { Answer, Question } from './index-thread.ts'

/** The other side of index-thread.ts: one thread for one layer. Loads as little as it can, for its memory and its start. */
let indexing: LayerIndexing | undefined

parentPort?.on('message', (question: Question) => void reply(question))

async function reply(question: Question): Promise<void> {
  const said = await answer(question)
  parentPort?.postMessage(said, said.kind === 'read' ? [said.memory] : [])
}

async function answer(question: Question): Promise<Answer> {
  if (question.kind === 'begin') {
    indexing = new LayerIndexing(question.directory, question.limits)
    return { kind: 'begun' }
  }
  if (indexing === undefined) throw new TypeError('no layer was begun')
  if (question.kind === 'end')
    return { kind: 'done', result: await indexing.end(), indexPath: indexing.indexPath }
  await indexing.write(Buffer.from(question.memory, 0, question.length))
  return { kind: 'read', over: indexing.isOver, memory: question.memory }
}
