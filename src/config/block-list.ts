import { BlockList } from 'node:net'
import type { Config } from './schema.ts'

/** Ranges of addresses as node looks them up; undefined where none are named. */
export function blockList(ranges: Config['trustedProxies']): BlockList | undefined {
  if (ranges === undefined) return undefined
  const list = new BlockList()
  for (const { address, prefix, family } of ranges) list.addSubnet(address, prefix, family)
  return list
}
