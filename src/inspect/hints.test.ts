import { expect, test } from 'vitest'
import { wordHintsOf } from './hints.ts'
import { parseImageConfig } from './image-config.ts'

test('steps and the environment tell secrets by name, each once, never the value', () => {
  const config = parseImageConfig(
    Buffer.from(
      JSON.stringify({
        config: { Env: ['API_TOKEN=abc', 'DB_PASSWORD=two words', 'PATH=/bin'] },
        history: [
          { created_by: 'ENV API_TOKEN=abc', empty_layer: true },
          { created_by: 'RUN |1 NPM_TOKEN=def /bin/sh -c npm ci' },
        ],
      }),
    ),
  )
  const hints = wordHintsOf({ config, manifest: { layers: [] } })
  expect(hints).toEqual([
    { name: 'API_TOKEN', step: 1 },
    { name: 'NPM_TOKEN', step: 2 },
    { name: 'DB_PASSWORD', step: undefined },
  ])
})
