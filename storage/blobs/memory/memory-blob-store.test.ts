import { describeBlobStore } from '../contract.ts'
import { emptyMemoryBlobs, openMemoryBlobStore } from './memory-blob-store.ts'

describeBlobStore(
  'memory',
  async () => {
    const contents = emptyMemoryBlobs()
    let store = openMemoryBlobStore(contents)
    return {
      store,
      async reopen() {
        await store.close()
        store = openMemoryBlobStore(contents)
        return store
      },
      leftovers: async () => [...contents.uploads.keys()],
      dispose: () => store.close(),
    }
  },
  {
    capabilities: { boundedMemory: false, readsSurviveRemove: true, freeBytes: false, listsUploads: true },
    deviations: {},
  },
)
