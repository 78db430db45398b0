import { loadConfig } from '../config/load.ts'
import { SETTINGS } from '../config/schema.ts'
import type { Command, Input, Output } from './command.ts'
import { table } from './table.ts'

const HIDDEN = '‹set›'

export const commands: readonly Command[] = [
  {
    words: 'config',
    summary: 'Show the settings that `lamina serve` would use here, and where each came from.',
    details:
      'Reads lamina.yaml and the environment as `lamina serve` does, asks no server, and never shows secrets.',
    run: show,
  },
]

async function show({ context }: Input): Promise<Output> {
  const { given } = await loadConfig(context.environment, context.directory)
  const settings = SETTINGS.map((setting) => {
    const found = given.get(setting.key)
    const text = found?.text ?? setting.default
    return {
      name: setting.yamlName,
      variable: setting.environmentName,
      value: found !== undefined && setting.secret ? HIDDEN : (text ?? null),
      source: found?.source ?? 'default',
    }
  })
  const rows = settings.map(({ name, value, source }) => [name, value ?? '—', source])
  return { value: { settings }, text: table(['SETTING', 'VALUE', 'FROM'], rows, '') }
}
