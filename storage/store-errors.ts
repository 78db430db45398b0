/** The disk, or the quota of the engine, is full. Reads go on. */
export class NoSpace extends Error {
  override readonly name = 'NoSpace'
}

/** The engine cannot serve now; trying again later is right. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** Bytes that are there are not what was written: a checksum or a length is wrong. */
export class StoreDamaged extends Error {
  override readonly name = 'StoreDamaged'
}
