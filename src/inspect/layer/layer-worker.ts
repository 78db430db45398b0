import { parentPort } from 'node:worker_threads'
import { LayerIndexing } from './index-layer.ts'
import type { Answer, Question, Task } from './layer-thread.ts'
import { SeekBuilding } from './seek-building.ts'

/** The other side of layer-thread.ts: one thread for one layer. Loads as little as it can, for its memory and its start. */
let reading: LayerIndexing | SeekBuilding | undefined

parentPort?.on('message', (question: Question) => void reply(question))

async function reply(question: Question): Promise<void> {
  const said = await answer(question)
  parentPort?.postMessage(said, said.kind === 'read' ? [said.memory] : [])
}

async function answer(question: Question): Promise<Answer> {
  if (question.kind === 'begin') {
    reading = begin(question.task)
    return { kind: 'begun' }
  }
  if (reading === undefined) throw new TypeError('no layer was begun')
  if (question.kind === 'read') {
    await reading.write(Buffer.from(question.memory, 0, question.length))
    return { kind: 'read', over: reading.isOver, memory: question.memory }
  }
  const { path } = reading
  return reading instanceof LayerIndexing
    ? { kind: 'done', what: 'index', result: await reading.end(), path }
    : { kind: 'done', what: 'seek', result: await reading.end(), path }
}

function begin(task: Task): LayerIndexing | SeekBuilding {
  return task.what === 'index'
    ? new LayerIndexing(task.directory, task.limits)
    : new SeekBuilding(task.directory, task.plan)
}
