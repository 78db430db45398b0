import { VERSION } from '../version.ts'
import type { Command } from './command.ts'

export const commands: readonly Command[] = [
  {
    words: 'version',
    summary: 'Show the version of Lamina, and of the Node that runs it.',
    run: () =>
      Promise.resolve({
        value: { lamina: VERSION, node: process.versions.node },
        text: `lamina ${VERSION} (Node ${process.versions.node})`,
      }),
  },
]
