import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { SideThread } from './side-thread.ts'
import type { EchoWork } from './side-thread-fixture.ts'

const echo = (idleMs: number): SideThread<EchoWork> =>
  new SideThread({
    module: new URL('./side-thread-fixture.ts', import.meta.url),
    purpose: 'repeats words',
    limits: { maxOldGenerationSizeMb: 16 },
    idleMs,
  })

it('gives each who asks his own answer, in whatever order they come', async () => {
  const thread = echo(1000)
  const said = await Promise.all(['later', 'first', 'second'].map((word) => thread.ask(word)))
  expect(said.map(({ word }) => word)).toEqual(['later', 'first', 'second'])
  expect(new Set(said.map(({ threadId }) => threadId)).size).toBe(1)
})

it('tells all who wait when the thread fails, and starts another for who comes then', async () => {
  const thread = echo(1000)
  const asked = await Promise.allSettled(['later', 'fail'].map((word) => thread.ask(word)))
  expect(asked).toMatchObject([{ reason: { message: 'told to' } }, { reason: { message: 'told to' } }])
  await expect(thread.ask('again')).resolves.toMatchObject({ word: 'again' })
})

it('ends a thread that had no work for a while', async () => {
  const thread = echo(1)
  const { threadId } = await thread.ask('one')
  await setTimeout(200)
  const later = await thread.ask('two')
  expect(later).toMatchObject({ word: 'two' })
  expect(later.threadId).not.toBe(threadId)
})
