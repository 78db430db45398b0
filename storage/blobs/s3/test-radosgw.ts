import { randomUUID } from 'node:crypto'
import { describeBlobStore } from '../contract.ts'
import type { BlobStoreUnderTest } from '../contract-bench.ts'
import { AwsBucket } from './aws-bucket.ts'
import type { Bucket } from './bucket.ts'
import { Calls } from './calls.ts'
import { dataKey, OWNER } from './layout.ts'
import { openS3BlobStore } from './open-s3.ts'
import { registryOf } from './registry-fixture.ts'
import { connect } from './s3-client.ts'
import type { S3Settings } from './settings.ts'

// Run by conformance/s3/run.ts, which starts the S3 and gives its address and keys in the environment.
const endpoint = process.env['LAMINA_TEST_S3']
if (endpoint === undefined) throw new TypeError('LAMINA_TEST_S3 must be the address of an S3')

const settings: Omit<S3Settings, 'prefix'> = {
  bucket: 'contract',
  endpoint,
  region: undefined,
  pathStyle: true,
  ca: undefined,
  encryption: undefined,
  // So little that a part of 8 MiB is put together from pieces, as those of very large blobs are.
  memory: 2 ** 23,
  patience: 20_000,
}

const opening = () =>
  ({ registry: registryOf('contract'), settle: 60_000, notice: () => undefined, blobs: 'none' }) as const

async function openFresh(): Promise<BlobStoreUnderTest> {
  // A name that has to be encoded, in a prefix of its own.
  const own = { ...settings, prefix: `a b+ü%/${randomUUID()}/` }
  const bucket = new AwsBucket(await connect(own), new Calls(own.patience), own)
  const claim = opening()
  let store = await openS3BlobStore(own, claim)
  return {
    store,
    async reopen() {
      await store.close()
      store = await openS3BlobStore(own, claim)
      return store
    },
    leftovers: () => leftIn(bucket),
    async dispose() {
      await store.close()
      bucket.close()
    },
  }
}

async function leftIn(bucket: Bucket): Promise<readonly string[]> {
  const names: string[] = []
  for await (const { key } of bucket.list('')) if (key !== OWNER) names.push(key)
  for (const { key } of await bucket.multipartsOf(dataKey('upload-1'))) names.push(`upload of ${key}`)
  return names
}

describeBlobStore('s3 on radosgw', openFresh, {
  capabilities: { boundedMemory: true, readsSurviveRemove: false, freeBytes: false, listsUploads: false },
  deviations: { 'an id is used once': 'ids are random, and looking for one would cost every upload a call' },
})
