import { describeBlobStore } from '../contract.ts'
import { type BlobStoreUnderTest } from '../contract-bench.ts'
import { OWNER } from './layout.ts'
import { claimPrefix } from './owner.ts'
import { registryOf, tenureOf } from './registry-fixture.ts'
import { createS3BlobStore } from './s3-blob-store.ts'
import { SimulatedBucket } from './simulated-bucket.ts'

const capabilities = {
  boundedMemory: false,
  readsSurviveRemove: false,
  freeBytes: false,
  listsUploads: false,
}
const ids = { 'an id is used once': 'ids are random, and looking for one would cost every upload a call' }
const unreadable = 'S3 gives no byte of a part back before the upload is complete'

async function openSimulated(): Promise<BlobStoreUnderTest> {
  const bucket = new SimulatedBucket()
  const registry = registryOf('own')
  await claimPrefix(bucket, registry, { blobs: 'none' })
  const plan = { first: 65_536, run: 3 }
  const open = () => createS3BlobStore({ bucket, tenure: tenureOf(bucket, registry), memory: 2 ** 25, plan })
  let store = open()
  return {
    store,
    async reopen() {
      await store.close()
      store = open()
      return store
    },
    leftovers: async () => bucket.leftovers().filter((name) => name !== OWNER),
    dispose: () => store.close(),
  }
}

// Parts of 64 KiB: a few hundred KiB are what gigabytes are to the real sizes. Those run on a real S3 (conformance/s3).
describeBlobStore('s3, simulated', openSimulated, {
  capabilities,
  deviations: {
    ...ids,
    'an upload goes on after the store was opened again': unreadable,
    'abort can be repeated, and leaves other uploads alone': unreadable,
    'readUpload gives exactly the prefix that was asked': unreadable,
    'complete cuts off what lies beyond its length': unreadable,
  },
})
