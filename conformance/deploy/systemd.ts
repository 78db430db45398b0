import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from '../report.ts'
import { finish, must } from '../servers/processes.ts'
import { projectRoot } from '../servers/workspace.ts'

/** Of what systemd would let a service do that asks for nothing, 0 to 10: above 5 it says "exposed". */
const EXPOSURE = 4

/** systemd finds nothing wrong with the unit, and would see a mistake; no machine is started with it. */
export async function unitIsRight(folder: string): Promise<string> {
  const text = await readFile(path.join(projectRoot, 'deploy/systemd/lamina.service'), 'utf8')
  const here = text.replaceAll('/opt/lamina', projectRoot.replace(/\/$/, ''))
  const found = await verified(path.join(folder, 'lamina.service'), here)
  expect(found === '', `systemd says of the unit: ${found}`)
  const misspelt = await verified(
    path.join(folder, 'misspelt.service'),
    here.replace('ProtectSystem', 'ProtectSytem'),
  )
  expect(misspelt.includes('ProtectSytem'), `a misspelt setting is not seen: ${misspelt}`)
  const security = await must('systemd-analyze', [
    'security',
    '--offline=true',
    path.join(folder, 'lamina.service'),
  ])
  const [, exposure = ''] = /exposure level for lamina\.service: ([\d.]+)/.exec(security) ?? []
  expect(exposure !== '' && Number(exposure) <= EXPOSURE, `its exposure level is ${exposure}`)
  return `exposure level ${exposure}`
}

/** What `systemd-analyze verify` says; it ends with 0 whatever it found. */
async function verified(file: string, text: string): Promise<string> {
  await writeFile(file, text)
  const { stdout, stderr } = await finish('systemd-analyze', ['verify', file])
  return `${stdout}${stderr}`.trim()
}
