import { describeMetadataStore } from '../contract.ts'
import { openMemoryMetadataStore } from './memory-metadata-store.ts'

describeMetadataStore(
  'memory',
  async () => {
    const store = await openMemoryMetadataStore()
    return {
      store,
      reopen: () => Promise.reject(new Error('memory cannot be opened again')),
      close: () => store.close(),
      leftovers: () => Promise.resolve([]),
    }
  },
  { capabilities: { durable: false } },
)
