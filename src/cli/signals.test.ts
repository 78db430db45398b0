import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const)('%s: the first is waited for, the second ends the process', async (signal, code) => {
  const file = fileURLToPath(new URL('signals.ts', import.meta.url))
  const script = `import { untilSignal } from ${JSON.stringify(file)}
    setInterval(() => undefined, 1000)
    untilSignal().then(() => console.log('stopping'))
    console.log('waiting')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  await once(child.stdout, 'data')
  child.kill(signal)
  expect(String(await once(child.stdout, 'data'))).toContain('stopping')
  child.kill(signal)
  expect(await once(child, 'exit')).toEqual([code, null])
})

test.each([
  ['the first process of a container', 1, [143, null]],
  ['any other', 2, [null, 'SIGTERM']],
])('%s ends at the first signal of its start', async (_, pid, outcome) => {
  const file = fileURLToPath(new URL('signals.ts', import.meta.url))
  const script = `import { endAtOnce } from ${JSON.stringify(file)}
    setInterval(() => undefined, 1000)
    endAtOnce(${pid})
    console.log('starting')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual(outcome)
})
