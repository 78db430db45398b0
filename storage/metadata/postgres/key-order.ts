/** A key as text whose order, by code units, is the order of the bytes. */
export function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

/** The first key after all that begin with `prefix`; undefined when there is none. A copy. */
export function prefixEnd(prefix: Uint8Array): Buffer | undefined {
  const end = Buffer.from(prefix)
  for (let at = end.length - 1; at >= 0; at -= 1) {
    const byte = end.readUInt8(at)
    if (byte === 0xff) continue
    end.writeUInt8(byte + 1, at)
    return end.subarray(0, at + 1)
  }
  return undefined
}
