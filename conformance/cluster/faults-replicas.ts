import { setTimeout as sleep } from 'node:timers/promises'
import { dice } from '../fixtures/random.ts'
import type { Report } from '../report.ts'
import type { Stores } from '../servers/cluster.ts'
import { type Fault, faultScenarios } from './faults.ts'

/** Kills of a replica in one round. */
const KILLS = Number(process.env['REPLICA_KILLS'] ?? 4)

/** A replica dies at any moment, and comes back. */
export async function replicaFaults(stores: Stores, report: Report): Promise<void> {
  const roll = dice(1)
  const killed: Fault = {
    name: `a replica is killed ${KILLS} times at any moment`,
    run: async (cluster) => {
      for (let kill = 0; kill < KILLS; kill++) {
        const replica = cluster.replica(roll.below(cluster.replicas.length))
        await sleep(roll.below(1500))
        await replica.kill()
        await sleep(roll.below(1000))
        await replica.restart()
      }
    },
  }
  const paused: Fault = {
    name: 'a replica is paused, as a virtual machine that moves',
    run: async (cluster, away) => {
      const { pid } = cluster.replica(0)
      process.kill(pid, 'SIGSTOP')
      await away()
      process.kill(pid, 'SIGCONT')
    },
  }
  await faultScenarios({ stores, report, name: 'fault-replica' }, [killed, paused])
}
