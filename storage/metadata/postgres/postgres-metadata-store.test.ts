import { describeMetadataStore } from '../contract.ts'
import { openPostgresMetadataStore } from './postgres-metadata-store.ts'
import { makeTestDatabase } from './test-database.ts'

/** Letters that the contract uses for ranges and for single records: both tables are in play, apart and together. */
const QUEUES = ['r', 'w', 'b']

const isQueue = (key: Uint8Array): boolean => QUEUES.includes(String.fromCharCode(key[0] ?? 0))

describeMetadataStore(
  'postgres',
  async () => {
    const database = await makeTestDatabase()
    const open = () => openPostgresMetadataStore({ url: database.url, isQueue })
    let store = await open()
    return {
      store,
      reopen: async () => {
        await store.close()
        store = await open()
        return store
      },
      close: async () => {
        await store.close()
        await database.remove()
      },
      leftovers: () => Promise.resolve([]),
    }
  },
  { capabilities: { durable: true } },
)
