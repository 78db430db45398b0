import { cp, rm } from 'node:fs/promises'
import path from 'node:path'
import { makeImage } from '../fixtures/image.ts'
import { messageOf, type Report } from '../report.ts'
import { admin, Lamina } from '../servers/lamina.ts'
import { finish } from '../servers/processes.ts'
import { RegistryClient } from '../servers/registry-client.ts'
import { builtTool, scratchFolder, workFolder } from '../servers/workspace.ts'
import { notPassed, readJunit } from './junit.ts'

/** A suite of version 1.1 as a program. */
interface Suite {
  name: string
  program: string
  /** How many tests it has in each run, skipped ones included. */
  tests: number
}

/** The suite of version 1.1 that the module proxy serves; its tags it does not. */
const candidate: Suite = {
  name: 'v1.1-f2182352d4cc',
  program: builtTool('conformance-1.1'),
  tests: 80,
}

/** The tag's own, where somebody built it from its sources with `go test -c`. */
const tagged: Suite | undefined =
  process.env['CONFORMANCE_V1_1_1'] === undefined
    ? undefined
    : { name: 'v1.1.1', program: process.env['CONFORMANCE_V1_1_1'], tests: 80 }

/** Tests that only a registry without cross-repository mounts can run: they begin with its 202 to a mount. */
const deviations: Record<string, string> = {
  'Cross-mounting of nonexistent blob should yield session id': 'Lamina mounts what the caller may read',
  'Cross-mounting without from, and automatic content discovery disabled should return a 202':
    'Lamina also finds content without `from`',
}

/** One way to run the suite. */
interface TaggedRun {
  name: string
  env: Record<string, string>
  /** Runs only tests of such names; all without it. */
  focus?: string
  /** Pushes content for runs that bring none of their own, and names it. */
  prepare?: (lamina: Lamina) => Promise<Record<string, string>>
}

// The suite knows the variable's absence as "say nothing about automatic mounts"; '0' claims a registry without them.
const matrix: readonly TaggedRun[] = [{}, { OCI_AUTOMATIC_CROSSMOUNT: '1' }].flatMap((crossmount) =>
  ['0', '1'].map((first) => ({
    name: `crossmount-${'OCI_AUTOMATIC_CROSSMOUNT' in crossmount ? 'on' : 'off'}-manifest-first-${first}`,
    env: { ...crossmount, OCI_DELETE_MANIFEST_BEFORE_BLOBS: first },
  })),
)

/** Two set-up tests run only on content that was there before. */
const prepared: TaggedRun = {
  name: 'prepared-content',
  env: {},
  focus: 'Tests Pull|Populate registry with test tags|listing tags',
  prepare: prepareContent,
}

/** Runs each suite of version 1.1 in its matrix: no failure, and no test that every run skips. */
export async function runTaggedSuites(report: Report): Promise<void> {
  console.log(
    'official: v1.1-f2182352d4cc is the suite of version 1.1 at that commit of 2023-11-01; CONFORMANCE_V1_1_1 names the program of tag v1.1.1 for who has it',
  )
  for (const suite of [candidate, ...(tagged === undefined ? [] : [tagged])]) await runSuite(suite, report)
}

async function runSuite(suite: Suite, report: Report): Promise<void> {
  const skipped: Set<string>[] = []
  for (const run of [...matrix, prepared]) skipped.push(await runOnce(suite, run, report))
  const [first = new Set<string>(), ...others] = skipped
  const always = [...first].filter((name) => others.every((set) => set.has(name)))
  const excused = always.filter((name) => Object.keys(deviations).some((known) => name.endsWith(known)))
  const what = `official: ${suite.name} leaves no test skipped in every run`
  if (always.length === excused.length && excused.length === Object.keys(deviations).length) {
    report.ok(what, `${skipped.length} runs; but ${Object.values(deviations).join('; ')}`)
  } else report.fail(what, `skipped: ${always.join('; ')}; known: ${excused.length}`)
}

async function runOnce(suite: Suite, run: TaggedRun, report: Report): Promise<Set<string>> {
  const name = `${suite.name}-${run.name}`
  const what = `official: ${name}`
  const scratch = await scratchFolder('official')
  try {
    const lamina = await Lamina.start({
      name: `lamina-${name}`,
      data: path.join(scratch.path, 'data'),
      env: { LAMINA_ALLOW_SPARSE: 'true' },
    })
    try {
      const env = { ...settings(lamina, scratch.path), ...run.env, ...(await run.prepare?.(lamina)) }
      const focus = run.focus === undefined ? [] : [`--ginkgo.focus=${run.focus}`]
      const { stdout } = await finish(suite.program, focus, { cwd: scratch.path, env })
      return await judge(name, path.join(scratch.path, 'junit.xml'), {
        report,
        said: stdout,
        tests: suite.tests,
      })
    } finally {
      await lamina.stop()
    }
  } catch (error) {
    report.fail(what, messageOf(error))
    return new Set()
  } finally {
    await scratch.remove()
  }
}

async function prepareContent(lamina: Lamina): Promise<Record<string, string>> {
  const registry = new RegistryClient(lamina.url)
  const image = makeImage({ layers: [{ seed: 'prepared', size: 4000 }] })
  const tags = ['test0', 'test1', 'test2', 'test3']
  for (const tag of tags) await registry.pushImage('conformance/first', image, tag)
  registry.close()
  return {
    OCI_BLOB_DIGEST: image.config.digest,
    OCI_MANIFEST_DIGEST: image.manifest.digest,
    OCI_TAG_NAME: 'test0',
    OCI_TAG_LIST: tags.join(),
  }
}

function settings(lamina: Lamina, folder: string): Record<string, string> {
  return {
    OCI_ROOT_URL: lamina.url,
    OCI_NAMESPACE: 'conformance/first',
    OCI_CROSSMOUNT_NAMESPACE: 'conformance/second',
    OCI_USERNAME: admin.user,
    OCI_PASSWORD: admin.password,
    OCI_TEST_PULL: '1',
    OCI_TEST_PUSH: '1',
    OCI_TEST_CONTENT_DISCOVERY: '1',
    OCI_TEST_CONTENT_MANAGEMENT: '1',
    OCI_REPORT_DIR: folder,
  }
}

async function judge(
  name: string,
  file: string,
  { report, said, tests }: { report: Report; said: string; tests: number },
): Promise<Set<string>> {
  const junit = await readJunit(file).catch((error: unknown) => {
    throw new Error(`no results: ${said.trim().slice(-500)}`, { cause: error })
  })
  const kept = path.join(await workFolder('reports', name), 'junit.xml')
  await rm(kept, { force: true })
  await cp(file, kept)
  const passed = junit.cases.filter(({ status }) => status === 'passed').length
  const skipped = junit.cases.filter(({ status }) => status === 'skipped')
  const bad = junit.cases.filter(({ status }) => status !== 'passed' && status !== 'skipped')
  const totals = `${passed} of ${junit.cases.length} passed, ${bad.length} failed, ${skipped.length} skipped`
  const what = `official: ${name}`
  if (bad.length === 0 && junit.cases.length >= tests) report.ok(what, totals, passed)
  else report.fail(what, `${totals}, ${tests} expected: ${notPassed(bad)}`)
  return new Set(skipped.map((test) => test.name))
}
