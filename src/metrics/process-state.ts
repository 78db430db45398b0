import { availableParallelism, loadavg } from 'node:os'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'

/** The process as it is now, for who looks for what is wrong with it. Sizes in bytes, times in seconds. */
export function processState() {
  const heap = getHeapStatistics()
  return {
    process: {
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      processors: availableParallelism(),
      load: loadavg(),
      uptime: process.uptime(),
      cpu: process.cpuUsage(),
    },
    memory: {
      ...process.memoryUsage(),
      heapLimit: heap.heap_size_limit,
      spaces: Object.fromEntries(
        getHeapSpaceStatistics().map(({ space_name, space_used_size }) => [space_name, space_used_size]),
      ),
    },
    handles: countKinds(process.getActiveResourcesInfo()),
  }
}

/** What keeps the process running, by kind: sockets, timers, files. */
function countKinds(kinds: readonly string[]): Readonly<Record<string, number>> {
  const counted: Record<string, number> = {}
  for (const kind of kinds) counted[kind] = (counted[kind] ?? 0) + 1
  return counted
}
