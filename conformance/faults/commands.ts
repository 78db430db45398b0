import path from 'node:path'
import { expect } from '../report.ts'
import { type Finished, finish } from '../servers/processes.ts'
import { projectRoot } from '../servers/workspace.ts'

/** The `lamina` command, typed on the machine of a server with this data directory. */
export function commandsAt(data: string) {
  const run = (...words: string[]): Promise<Finished> => {
    const env = { LAMINA_DATA: data }
    return finish(path.join(projectRoot, 'bin/lamina'), words, { env })
  }
  /** What it prints for people; it must succeed, and say nothing beside. */
  const people = async (...words: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...words)
    expect(
      code === 0 && stdout !== '' && stderr === '',
      `lamina ${words.join(' ')} ended with ${code}: ${stderr}`,
    )
    return stdout
  }
  /** What it prints for programs; it must succeed, and be JSON. */
  const json = async (...words: string[]): Promise<string> => {
    const text = await people(...words, '--json')
    JSON.parse(text)
    return text
  }
  /** It must end with this code and one sentence, which is given. */
  const refused = async (wanted: number, ...words: string[]): Promise<string> => {
    const { code, stderr } = await run(...words)
    const said = `lamina ${words.join(' ')} ended with ${code}: ${stderr}`
    expect(code === wanted && stderr.startsWith('lamina: ') && !/^ +at /m.test(stderr), said)
    return stderr
  }
  return { run, people, json, refused }
}

export function says(text: string, ...parts: readonly string[]): void {
  for (const part of parts) expect(text.includes(part), `'${part}' is not in: ${text.slice(0, 400)}`)
}
