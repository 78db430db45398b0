import path from 'node:path'
import { messageOf, type Report } from '../report.ts'
import { finish } from '../servers/processes.ts'
import type { S3 } from '../servers/s3.ts'
import { projectRoot } from '../servers/workspace.ts'

/** The blob store's contract, on the real thing. */
export async function contractScenarios(report: Report, s3: S3): Promise<void> {
  try {
    await s3.createBucket('contract')
    const { code, stdout, stderr } = await finish(
      path.join(projectRoot, 'node_modules/.bin/vitest'),
      ['run', '--config', 'conformance/s3/vitest.config.ts'],
      { env: { ...s3.environment('contract'), LAMINA_TEST_S3: s3.url, NO_COLOR: '1' }, patience: 600_000 },
    )
    const passed = Number(/Tests .*?(\d+) passed/.exec(stdout)?.[1] ?? 0)
    if (code === 0 && passed > 0)
      report.ok('s3: the blob store keeps its contract', `${passed} cases`, passed)
    else report.fail('s3: the blob store keeps its contract', `${stdout}\n${stderr}`.slice(-1500))
  } catch (error) {
    report.fail('s3: the blob store keeps its contract', messageOf(error))
  }
}
