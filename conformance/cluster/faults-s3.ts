import type { Report } from '../report.ts'
import { Stores } from '../servers/cluster.ts'
import { type Fault, faultScenarios } from './faults.ts'
import { type S3Call, S3Proxy } from './s3-proxy.ts'

/** S3 hangs, refuses, is slow, says SlowDown, and dies in the middle of an upload. */
export async function s3Faults(report: Report): Promise<void> {
  const stores = await Stores.start('fault-s3')
  const proxy = await S3Proxy.start(stores.s3.url)
  try {
    const parts = { stores, report, name: 'fault-s3', s3Endpoint: proxy.url }
    await faultScenarios(parts, [...processFaults(stores), ...callFaults(proxy, stores)])
  } finally {
    await proxy.stop()
    await stores.stop()
  }
}

function processFaults({ s3 }: Stores): Fault[] {
  return [
    {
      name: 'S3 hangs',
      run: async (_, away) => {
        await s3.hang()
        await away()
        s3.wake()
      },
    },
    {
      name: 'S3 is killed and started again',
      run: async (_, away) => {
        await s3.kill()
        await away()
        await s3.restart()
      },
    },
  ]
}

function callFaults(proxy: S3Proxy, stores: Stores): Fault[] {
  const spoil = async (treat: S3Proxy['treat'], away: () => Promise<unknown>): Promise<void> => {
    proxy.treat = treat
    await away()
    proxy.treat = undefined
  }
  let count = 0
  return [
    { name: 'S3 is slow', run: (_, away) => spoil(() => ({ delay: 1500 }), away) },
    { name: 'S3 answers every call with SlowDown', run: (_, away) => spoil(() => 'slow-down', away) },
    {
      name: 'S3 answers every third call with SlowDown',
      run: (_, away) => spoil(() => (++count % 3 === 0 ? 'slow-down' : 'pass'), away),
    },
    {
      name: 'S3 cuts every fourth connection',
      run: (_, away) => spoil(() => (++count % 4 === 0 ? 'cut' : 'pass'), away),
    },
    {
      name: 'S3 dies between the parts of an upload and their completion',
      run: async (_, away) => {
        const dying = new Promise<void>((resolve) => {
          proxy.treat = (call) => {
            if (!isCompletion(call)) return 'pass'
            resolve()
            return 'cut'
          }
        })
        await dying
        await stores.s3.kill()
        await away()
        await stores.s3.restart()
        proxy.treat = undefined
      },
    },
  ]
}

/** CompleteMultipartUpload: `POST key?uploadId=…`. */
function isCompletion({ method, path }: S3Call): boolean {
  return method === 'POST' && path.includes('uploadId=')
}
