import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { isMainThread, Worker } from 'node:worker_threads'
import { giveWay } from './give-way.ts'

// Starts two threads one after the other that give way, and prints the priorities of all threads by name.
if (isMainThread) {
  const module = new URL(import.meta.url)
  const first = new Worker(module)
  first.once('message', () => {
    const second = new Worker(module)
    second.once('message', () => {
      process.stdout.write(JSON.stringify(priorities()))
      void Promise.all([first.terminate(), second.terminate()])
    })
  })
} else {
  const { parentPort } = await import('node:worker_threads')
  giveWay()
  // Stays until it is terminated.
  parentPort?.on('message', () => undefined)
  parentPort?.postMessage('gave way')
}

function priorities(): readonly { readonly name: string; readonly nice: number }[] {
  return readdirSync('/proc/self/task').map((thread) => ({
    name: readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim(),
    nice: getPriority(Number(thread)) - getPriority(process.pid),
  }))
}
