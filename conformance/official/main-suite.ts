import { cp, rm } from 'node:fs/promises'
import path from 'node:path'
import { messageOf, type Report } from '../report.ts'
import type { Certificates } from '../servers/certificates.ts'
import { admin, type Registry, type StartRegistry } from '../servers/lamina.ts'
import { finish } from '../servers/processes.ts'
import { builtTool, scratchFolder, workFolder } from '../servers/workspace.ts'
import { notPassed, readJunit } from './junit.ts'

/** One way to run the suite of the main branch. */
export interface MainRun {
  name: string
  auth: boolean
  tls: boolean
  cacheAuth: boolean
}

/** Over http and TLS, with credentials (tokens cached and not) and without. */
export const mainRuns: readonly MainRun[] = [false, true].flatMap((tls) => {
  const transport = tls ? 'tls' : 'http'
  return [
    { name: `main-${transport}-auth`, auth: true, tls, cacheAuth: true },
    { name: `main-${transport}-auth-uncached`, auth: true, tls, cacheAuth: false },
    { name: `main-${transport}-anonymous`, auth: false, tls, cacheAuth: true },
  ]
})

/**
 * What the pinned commit runs when nothing is skipped. A run with fewer is a failure: the suite leaves out what a
 * registry does not seem to support.
 */
const pinnedTests = 830

/** Runs the suite once against a fresh registry whose repositories do not exist yet; junit.xml is kept. */
export async function runMainSuite(
  run: MainRun,
  report: Report,
  parts: { certificates: Certificates; start: StartRegistry },
): Promise<void> {
  const { certificates, start } = parts
  const what = `official: ${run.name}`
  const scratch = await scratchFolder('official')
  const results = await workFolder('reports', run.name)
  try {
    const lamina = await start({
      name: run.name,
      auth: run.auth,
      env: { LAMINA_ALLOW_SPARSE: 'true' },
      ...(run.tls ? { tls: certificates } : {}),
    })
    try {
      await rm(path.join(results, 'junit.xml'), { force: true })
      const { stderr, stdout } = await finish(builtTool('conformance'), [], {
        cwd: scratch.path,
        env: settings(run, lamina, certificates, path.join(scratch.path, 'results')),
        patience: 900_000,
      })
      await cp(path.join(scratch.path, 'results'), results, { recursive: true })
      await judge(what, path.join(results, 'junit.xml'), report, `${stderr}\n${stdout}`)
    } finally {
      await lamina.stop()
    }
  } catch (error) {
    report.fail(what, messageOf(error))
  } finally {
    await scratch.remove()
  }
}

function settings(
  run: MainRun,
  lamina: Registry,
  tls: Certificates,
  results: string,
): Record<string, string> {
  return {
    OCI_REGISTRY: `localhost:${lamina.port}`,
    OCI_TLS: run.tls ? 'enabled' : 'disabled',
    OCI_VERSION: 'dev',
    OCI_DATA_SPARSE: 'true',
    OCI_REPO1: 'conformance/first',
    OCI_REPO2: 'conformance/second',
    OCI_CACHE_AUTH: String(run.cacheAuth),
    OCI_RESULTS_DIR: results,
    SSL_CERT_FILE: tls.ca,
    ...(run.auth ? { OCI_USERNAME: admin.user, OCI_PASSWORD: admin.password } : {}),
  }
}

async function judge(what: string, file: string, report: Report, said: string): Promise<void> {
  const junit = await readJunit(file).catch((error: unknown) => {
    throw new Error(`no results: ${said.trim().slice(-500)}`, { cause: error })
  })
  const passed = junit.cases.filter(({ status }) => status === 'passed').length
  const { failures, errors, skipped, disabled } = junit
  const totals = `${passed} of ${junit.cases.length} passed, ${failures} failures, ${errors} errors, ${skipped} skipped, ${disabled} disabled, at least ${pinnedTests} expected`
  const clean = failures + errors + skipped + disabled === 0 && passed === junit.cases.length
  if (clean && passed >= pinnedTests) report.ok(what, totals, passed)
  else report.fail(what, `${totals}: ${notPassed(junit.cases)}`)
}
