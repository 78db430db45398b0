import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import { expect, messageOf, Report } from '../report.ts'
import { finish } from '../servers/processes.ts'
import { projectRoot } from '../servers/workspace.ts'
import { type Block, blocksOf } from './blocks.ts'
import { CHECKS } from './checks.ts'
import { PREAMBLE, placeholders } from './placeholders.ts'
import { makeHome, PASSWORD, startWorld } from './world.ts'

// `npm run test:docs`: what the documents tell people to type is typed, against a real server, block by block in the
// order of each document. A block that cannot be run here says so above itself, with the reason, and is listed. Words
// behind `--` choose blocks by their place.
const SHELLS = ['sh', 'console']

const report = new Report('docs', process.argv.slice(2))
const world = await startWorld()
try {
  for (const name of await documents()) await tryDocument(name)
} catch (error) {
  report.fail('docs', messageOf(error))
} finally {
  await world.stop()
}
report.finish()

async function documents(): Promise<string[]> {
  const folders = ['docs', 'docs/operations']
  const names = await Promise.all(
    folders.map(async (folder) => {
      const files = await readdir(path.join(projectRoot, folder))
      return files.filter((name) => name.endsWith('.md')).map((name) => `${folder}/${name}`)
    }),
  )
  return ['README.md', 'deploy/README.md', ...names.flat().toSorted()]
}

/** A reader of a document is logged in with docker, and what one block exports is there for the next. */
async function tryDocument(name: string): Promise<void> {
  const blocks = blocksOf(name, await readFile(path.join(projectRoot, name), 'utf8'))
  if (blocks.length === 0) return
  await world.engine.run(['login', '-u', 'admin', '-p', PASSWORD, `localhost:${world.lamina.port}`])
  const home = await makeHome(world.folder, name.replaceAll(/\W/g, '-'))
  await writeFile(path.join(home, '.exported'), '')
  for (const block of blocks) await tryOut(block, home)
}

/** Blocks without a language are pictures and answers. */
async function tryOut(block: Block, home: string): Promise<void> {
  const { at, language, text, notRun, checkedAs } = block
  if (language === '' || language === 'text') return
  if (notRun !== undefined) {
    // Throws for what is no YAML.
    if (language === 'yaml') parse(text)
    console.log(`  not run: ${at} (${notRun})`)
  } else
    await report.scenario(at, async () => {
      if (SHELLS.includes(language)) return run(block, home)
      const check = CHECKS[checkedAs ?? '']
      expect(
        check !== undefined,
        `a block of ${language} says neither how it is checked nor why it is not run`,
      )
      return check(filled(block), home)
    })
}

function filled({ text }: Block): string {
  return placeholders(world).reduce((filled, [from, to]) => filled.replaceAll(from, to), text)
}

async function run(block: Block, home: string): Promise<string> {
  const script = path.join(home, '.block.sh')
  await writeFile(script, `${PREAMBLE}\n. .exported\n${filled(block)}\nexport -p >.exported\n`)
  const env = {
    ...world.engine.environment,
    PATH: [path.join(projectRoot, 'bin'), '/usr/bin', '/bin', process.env['PATH']].join(':'),
    LAMINA_DATA: path.join(world.folder, 'data'),
    LAMINA_URL: '',
    LAMINA_PUBLIC_URL: `http://localhost:${world.lamina.port}`,
    LAMINA_STOP_DELAY: '0',
    LOG: path.join(world.folder, 'servers.log'),
    HOME: home,
    CONTAINERD_ADDRESS: world.engine.containerd,
    CONTAINERD_SNAPSHOTTER: 'native',
  }
  const how = { cwd: home, env, patience: 60_000 }
  const { code, stdout, stderr } = await finish('/bin/bash', ['-euo', 'pipefail', script], how)
  const said = `${stdout}\n${stderr}`.trim()
  expect(code === 0, `ended with ${code ?? 'a signal'}: ${said.slice(-700)}`)
  expect(world.lamina.alive, 'the server is gone')
  return `${block.text.split('\n').length} lines`
}
