import { parentPort } from 'node:worker_threads'
import { giveWay } from '../../../storage/give-way.ts'
import { digestOfFile } from './digest-of-file.ts'
import { LayerIndexing } from './index-layer.ts'
import { LayerFile } from './layer-file.ts'
import type { Answer, Question, Task } from './layer-thread.ts'
import { SeekBuilding } from './seek-building.ts'

/** Bytes of a file that are read before the server is told, and may say that it is enough. */
const STRETCH = 4 * 1024 * 1024

/** The other side of layer-thread.ts: one layer at a time. Loads as little as it can, for its memory and its start. */
let reading: LayerIndexing | SeekBuilding | undefined
let file: LayerFile | undefined

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
  if (question.kind === 'open') {
    file = new LayerFile(question.file)
    return { kind: 'opened' }
  }
  if (question.kind === 'go-on') return goOn(reading)
  file?.close()
  file = undefined
  return end(reading)
}

async function goOn(layer: LayerIndexing | SeekBuilding): Promise<Answer> {
  if (file === undefined) throw new TypeError('no file was opened')
  const stop = file.read + STRETCH
  let atEnd = false
  while (file.read < stop && !atEnd && !layer.isOver) {
    const chunk = file.next()
    if (chunk === undefined) atEnd = true
    else await layer.write(chunk)
  }
  return { kind: 'went-on', over: atEnd || layer.isOver, read: file.read, atEnd }
}

async function end(layer: LayerIndexing | SeekBuilding): Promise<Answer> {
  reading = undefined
  const said =
    layer instanceof LayerIndexing
      ? ({ what: 'index', result: await layer.end() } as const)
      : ({ what: 'seek', result: await layer.end() } as const)
  return { kind: 'done', ...said, file: { path: layer.path, sha256: digestOfFile(layer.path) } }
}

function begin(task: Task): LayerIndexing | SeekBuilding {
  return task.what === 'index'
    ? new LayerIndexing(task.directory, task.limits)
    : new SeekBuilding(task.directory, task.plan)
}
