import { readdir } from 'node:fs/promises'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Metric } from './exposition.ts'

/** How often the event loop is looked at, in milliseconds. */
const LOOK_MS = 50
const NANOSECONDS = 1e9

/** The process itself, and how late its event loop is. */
export class ProcessMetrics {
  readonly #delay = monitorEventLoopDelay({ resolution: LOOK_MS })
  #utilization = performance.eventLoopUtilization()

  constructor() {
    this.#delay.enable()
  }

  stop(): void {
    this.#delay.disable()
  }

  metrics(version: string): Metric[] {
    return [
      {
        name: 'lamina_build_info',
        type: 'gauge',
        help: 'Always 1; the versions are among the labels.',
        samples: () => [[{ version, node: process.version }, 1]],
      },
      {
        name: 'nodejs_eventloop_delay_seconds',
        type: 'summary',
        help: 'How much later than it should the event loop came round since this was last asked: all requests wait for it.',
        samples: () => this.#delays(),
      },
      {
        name: 'nodejs_eventloop_utilization_ratio',
        type: 'gauge',
        help: 'Part of the time since this was last asked in which the event loop was busy.',
        samples: () => [[{}, this.#busy()]],
      },
      ...processMetrics(),
    ]
  }

  /** As it was since it was last asked for the metrics, which this does not change. Delays in seconds. */
  eventLoop() {
    const { utilization } = performance.eventLoopUtilization(this.#utilization)
    const measured = this.#delay.count > 0
    return {
      utilization,
      delayMean: measured ? late(this.#delay.mean) : 0,
      delay99: measured ? late(this.#delay.percentile(99)) : 0,
      delayMax: measured ? late(this.#delay.max) : 0,
    }
  }

  #delays(): [Record<string, string>, number][] {
    const measured = this.#delay.count > 0
    const quantile = (percent: number): number => (measured ? late(this.#delay.percentile(percent)) : 0)
    const delays: [Record<string, string>, number][] = [
      [{ quantile: '0.5' }, quantile(50)],
      [{ quantile: '0.99' }, quantile(99)],
      [{ quantile: '1' }, measured ? late(this.#delay.max) : 0],
    ]
    this.#delay.reset()
    return delays
  }

  #busy(): number {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.#utilization)
    this.#utilization = now
    return utilization
  }
}

/** Seconds. The looks themselves are `LOOK_MS` apart: what is more than that is delay. */
function late(nanoseconds: number): number {
  return Math.max(0, nanoseconds / NANOSECONDS - LOOK_MS / 1000)
}

/** By the names that dashboards expect of any process. */
function processMetrics(): Metric[] {
  return [
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'Processor time, of all threads.',
      samples: () => {
        const { user, system } = process.cpuUsage()
        return [[{}, (user + system) / 1e6]]
      },
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Resident memory.',
      samples: () => [[{}, process.memoryUsage.rss()]],
    },
    {
      name: 'nodejs_heap_used_bytes',
      type: 'gauge',
      help: 'What lives in the heap of JavaScript, and what is not yet collected there.',
      samples: () => [[{}, process.memoryUsage().heapUsed]],
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'When the process began.',
      samples: () => [[{}, performance.timeOrigin / 1000]],
    },
    {
      name: 'process_open_fds',
      type: 'gauge',
      help: 'Open files and sockets; on Linux only.',
      samples: async () =>
        process.platform === 'linux' ? [[{}, (await readdir('/proc/self/fd')).length]] : [],
    },
  ]
}
