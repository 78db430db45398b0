import { defineConfig } from 'vitest/config'
import { projectRoot } from '../servers/workspace.ts'

/** The blob store's contract on a real S3, which run.ts has started. */
export default defineConfig({
  root: projectRoot,
  test: { include: ['storage/blobs/s3/test-*.ts'] },
})
