import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('the first signal is waited for, the second ends the process', async () => {
  const file = fileURLToPath(new URL('signals.ts', import.meta.url))
  const script = `import { untilSignal } from ${JSON.stringify(file)}
    setInterval(() => undefined, 1000)
    untilSignal().then(() => console.log('stopping'))
    console.log('waiting')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  expect(String(await once(child.stdout, 'data'))).toContain('stopping')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([143, null])
})
