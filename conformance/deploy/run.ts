import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { randomBytes } from '../fixtures/random.ts'
import { expect, messageOf, Report } from '../report.ts'
import { Dockerd } from '../servers/dockerd.ts'
import { freePort } from '../servers/free-port.ts'
import { projectRoot, scratchFolder } from '../servers/workspace.ts'
import { BUILD_IMAGE, makeBaseImages, RUN_IMAGE } from './base-images.ts'
import { chartForms, wrongValues } from './chart.ts'
import { clusterRuns } from './compose-cluster.ts'
import { clusterCompose, manifestsAreCurrent } from './manifests.ts'
import { packagedProgram } from './package.ts'
import { prometheusReads } from './prometheus.ts'
import { proxiesServe } from './proxies.ts'
import { restoreDrill } from './restore-drill.ts'
import { makeStandIns } from './stand-in-images.ts'
import { tellStory } from './story.ts'
import { unitIsRight } from './systemd.ts'

// `npm run test:deploy`: the whole way of an image, then Lamina’s own image, compose and the Helm chart, all without a
// public registry. Words behind `--` choose scenarios by their names.
const IMAGE = 'lamina:local'
const PASSWORD = 'Compose-run-2718'
const COMPOSE = path.join(projectRoot, 'deploy/compose.yaml')

const report = new Report('deploy', process.argv.slice(2))
const scratch = await scratchFolder('deploy')
const engine = await Dockerd.start({ containers: true })
try {
  // Packages of Debian come from the network for a minute and more; most of the rest needs none of them.
  const bases = report.scenario('image: bases are made without a registry', async () => {
    await makeBaseImages(engine, scratch.path)
    return 'debootstrap'
  })
  await report.scenario('chart: one replica, and many', chartForms)
  await report.scenario('chart: wrong values are refused by their key', wrongValues)
  await report.scenario('kubernetes: the manifests are what the chart gives', manifestsAreCurrent)
  await report.scenario('cluster: compose and nginx read their files', clusterCompose)
  await report.scenario('package: npm pack, npm install -g of the file, push', () =>
    packagedProgram(scratch.path),
  )
  await report.scenario('prometheus: scrapes, evaluates the alerts, reads the dashboard', () =>
    prometheusReads(scratch.path),
  )
  await report.scenario('systemd: the unit is understood', () => unitIsRight(scratch.path))
  await report.scenario('proxies: the files for nginx and Caddy serve', () => proxiesServe(scratch.path))
  await tellStory(report, engine, scratch.path)
  await bases
  if (await report.scenario('image: builds, and runs as nobody in particular', buildImage)) {
    await report.scenario('image: a wrong setting ends the start with its name', wrongSetting)
    await Promise.all([
      report.scenario('compose: up, push, restart, pull, down', compose),
      report.scenario('image: a volume is lost, and restored from a backup', () =>
        restoreDrill({
          engine,
          image: IMAGE,
          folder: scratch.path,
          password: PASSWORD,
          healthy,
          push: (reference) => pushedImage(reference, 'drill'),
        }),
      ),
      report.scenario('compose: a cluster, and replicas killed under docker', async () =>
        clusterRuns(engine, scratch.path, {
          ...(await makeStandIns(engine, scratch.path)),
          LAMINA_IMAGE: IMAGE,
        }),
      ),
    ])
  }
} catch (error) {
  report.fail('deploy', messageOf(error))
} finally {
  await engine.stop()
  await scratch.remove()
}
report.finish()

async function buildImage(): Promise<string> {
  const images = ['--build-arg', `BUILD_IMAGE=${BUILD_IMAGE}`, '--build-arg', `RUN_IMAGE=${RUN_IMAGE}`]
  await engine.run(
    ['build', '--network', 'host', '-f', 'deploy/Dockerfile', ...images, '-t', IMAGE, projectRoot],
    { patience: 600_000 },
  )
  const id = await engine.run(['run', '--rm', '--network', 'none', '--entrypoint', 'id', IMAGE, '-u'])
  expect(id === '10001', `it runs as user ${id}`)
  const version = await engine.run(['run', '--rm', '--read-only', '--network', 'none', IMAGE, 'version'])
  expect(/^lamina \S+ \(Node 24\./.test(version), version)
  const bytes = Number(await engine.run(['image', 'inspect', '--format', '{{.Size}}', IMAGE]))
  return `${version}, ${Math.round(bytes / 1e6)} MB with its base`
}

async function wrongSetting(): Promise<string> {
  const { code, stderr } = await engine.try(['run', '--rm', '--env', 'LAMINA_LOG=loud', IMAGE])
  expect(code === 2, `it ended with ${code ?? 'a signal'}: ${stderr}`)
  expect(stderr.includes('LAMINA_LOG'), stderr)
  return 'LAMINA_LOG=loud'
}

async function compose(): Promise<string> {
  const port = await freePort()
  const host = `localhost:${port}`
  const env = { LAMINA_PORT: String(port), LAMINA_ADMIN_PASSWORD: PASSWORD, LAMINA_IMAGE: IMAGE }
  const run = (...args: string[]): Promise<string> =>
    engine.compose(['-p', 'lamina-test', '-f', COMPOSE, ...args], env)
  try {
    await run('up', '-d', '--no-build')
    await healthy('lamina-test_lamina_1')
    await engine.login(host, 'admin', PASSWORD)
    const id = await pushedImage(`${host}/demo/app:v1`)
    await run('restart', 'lamina')
    await healthy('lamina-test_lamina_1')
    await engine.run(['image', 'rm', '--force', id])
    await engine.run(['pull', `${host}/demo/app:v1`])
    const again = await engine.run(['image', 'inspect', '--format', '{{.Id}}', `${host}/demo/app:v1`])
    expect(again === id, 'another image came back')
    const status = await run('exec', '-T', 'lamina', 'lamina', 'status')
    expect(status.includes('ready'), status)
    await run('stop', 'lamina')
    const ended = await engine.run(['inspect', '--format', '{{.State.ExitCode}}', 'lamina-test_lamina_1'])
    expect(ended === '0', `the stop ended with ${ended}`)
    return 'the image came back after a restart; SIGTERM ends it with 0'
  } finally {
    await run('down', '--volumes')
  }
}

async function pushedImage(reference: string, seed = 'deploy-app'): Promise<string> {
  const context = path.join(scratch.path, seed)
  await mkdir(context, { recursive: true })
  await writeFile(path.join(context, 'app.bin'), randomBytes(seed, 300_000))
  await writeFile(path.join(context, 'Dockerfile'), 'FROM scratch\nCOPY app.bin /app.bin\nCMD ["/app.bin"]\n')
  await engine.run(['build', '-t', reference, context])
  await engine.run(['push', reference])
  return engine.run(['image', 'inspect', '--format', '{{.Id}}', reference])
}

async function healthy(container: string): Promise<void> {
  const deadline = Date.now() + 120_000
  for (;;) {
    const { stdout } = await engine.try(['inspect', '--format', '{{.State.Health.Status}}', container])
    if (stdout.trim() === 'healthy') return
    if (Date.now() > deadline)
      throw new Error(
        `${container} is ${stdout.trim()}: ${(await engine.try(['logs', '--tail', '5', container])).stderr}`,
      )
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}
