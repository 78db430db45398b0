import { parentPort } from 'node:worker_threads'
import { giveWay } from '../../../storage/give-way.ts'
import { digestOfFile } from './digest-of-file.ts'
import { LayerIndexing } from './index-layer.ts'
import type { Answer, Question, Task } from './layer-thread.ts'
import { SeekBuilding } from './seek-building.ts'

/** The other side of layer-thread.ts: one layer at a time. Loads as little as it can, for its memory and its start. */
let reading: LayerIndexing | SeekBuilding | undefined

giveWay()
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
  const said =
    reading instanceof LayerIndexing
      ? ({ what: 'index', result: await reading.end() } as const)
      : ({ what: 'seek', result: await reading.end() } as const)
  const { path } = reading
  reading = undefined
  return { kind: 'done', ...said, file: { path, sha256: digestOfFile(path) } }
}

function begin(task: Task): LayerIndexing | SeekBuilding {
  return task.what === 'index'
    ? new LayerIndexing(task.directory, task.limits)
    : new SeekBuilding(task.directory, task.plan)
}
