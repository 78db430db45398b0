import { mkdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { writeChart } from '../fixtures/chart.ts'
import { digestOf } from '../fixtures/image.ts'
import { expect } from '../report.ts'
import { must } from '../servers/processes.ts'
import { builtTool } from '../servers/workspace.ts'
import { type ClientTest, look, sentBytes, type World } from './world.ts'

/** helm: charts as artifacts. */
export const helm: ClientTest = {
  name: 'helm',
  transports: ['http'],
  run: async (world) => {
    const { report, host, folder } = world
    const archive = path.join(folder, 'greeter-1.2.3.tgz')
    await report.scenario('helm: package, login and push', async () => {
      await run(world, ['package', await writeChart(folder, 'greeter', '1.2.3'), '--destination', folder])
      await run(world, ['registry', 'login', '--plain-http', '-u', world.user, '-p', world.password, host])
      look(world)
      await run(world, ['push', '--plain-http', archive, `oci://${host}/helm`])
      const wire = look(world)
      const chart = await readFile(archive)
      expect(wire.uploaded.get(digestOf(chart)) === chart.length, 'the chart was not sent once and whole')
      return sentBytes(wire)
    })
    await report.scenario('helm: pull gives the same chart', async () => {
      const target = path.join(folder, 'pulled')
      await mkdir(target)
      await run(world, [
        'pull',
        '--plain-http',
        `oci://${host}/helm/greeter`,
        '--version',
        '1.2.3',
        '--destination',
        target,
      ])
      const pulled = await readFile(path.join(target, 'greeter-1.2.3.tgz'))
      expect(pulled.equals(await readFile(archive)), 'the chart came back changed')
      return `${pulled.length} bytes`
    })
  },
}

function run(world: World, args: string[]): Promise<string> {
  const at = (name: string): string => path.join(world.folder, name)
  return must(builtTool('helm'), args, {
    env: {
      HELM_REGISTRY_CONFIG: at('registry.json'),
      HELM_CACHE_HOME: at('cache'),
      HELM_CONFIG_HOME: at('config'),
      HELM_DATA_HOME: at('data'),
      DOCKER_CONFIG: at('docker'),
    },
  })
}
